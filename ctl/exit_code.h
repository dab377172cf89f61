#pragma once

/*
 * What `reqctl` exits with. Functions that carry out a command return one of these: 0 to go on, a
 * positive one when the user has been told and the program is to end; unexpected errors are negative as
 * everywhere. Pure values, any thread.
 */

typedef enum ExitCode {
        EXIT_CODE_DONE = 0,
        EXIT_CODE_ERROR = 1,
        EXIT_CODE_USAGE = 2, /* or a wrong job file; nothing was done */
        EXIT_CODE_FAILED_DOCUMENTS = 3,
        EXIT_CODE_NO_SUCH_JOB = 4,
        EXIT_CODE_NOT_ALLOWED = 5,
        EXIT_CODE_UNREACHABLE = 6,
        EXIT_CODE_TIMED_OUT = 124,
        EXIT_CODE_INTERRUPTED = 130,
} ExitCode;

/* For the full name of an error that the daemon replied. */
ExitCode exit_code_for_error(const char *error);

/* One line for help: "the daemon is not reachable". NULL where @code is none of the above. */
const char *exit_code_help(ExitCode code);
