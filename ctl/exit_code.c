/* The exit codes, and the daemon's errors that stand behind them. */

#include "ctl/exit_code.h"

#include <string.h>

#include "common/alloc.h"
#include "common/varlink.h"

static const struct {
        const char *error;
        ExitCode code;
} errors[] = {
        { "org.reqd.InvalidInput", EXIT_CODE_USAGE },
        { "org.reqd.NotSupported", EXIT_CODE_USAGE },
        { VARLINK_E_INVALID_PARAMETER, EXIT_CODE_USAGE },
        { "org.reqd.NoSuchJob", EXIT_CODE_NO_SUCH_JOB },
        { "org.reqd.NotAllowed", EXIT_CODE_NOT_ALLOWED },
        { VARLINK_E_PERMISSION_DENIED, EXIT_CODE_NOT_ALLOWED },
};

static const struct {
        ExitCode code;
        const char *help;
} helps[] = {
        { EXIT_CODE_DONE, "done" },
        { EXIT_CODE_ERROR, "error" },
        { EXIT_CODE_USAGE, "wrong usage or a wrong job file; nothing was done" },
        { EXIT_CODE_FAILED_DOCUMENTS, "the job ended, or paused itself, with failed documents" },
        { EXIT_CODE_NO_SUCH_JOB, "no such job" },
        { EXIT_CODE_NOT_ALLOWED, "not allowed" },
        { EXIT_CODE_UNREACHABLE, "reqd is not reachable" },
        { EXIT_CODE_TIMED_OUT, "wait: the time ran out" },
        { EXIT_CODE_INTERRUPTED, "interrupted" },
};

ExitCode exit_code_for_error(const char *error) {
        for (size_t i = 0; i < ELEMENTSOF(errors); i++)
                if (strcmp(errors[i].error, error) == 0)
                        return errors[i].code;

        return EXIT_CODE_ERROR;
}

const char *exit_code_help(ExitCode code) {
        for (size_t i = 0; i < ELEMENTSOF(helps); i++)
                if (helps[i].code == code)
                        return helps[i].help;

        return NULL;
}
