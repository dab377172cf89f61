/* Hands over to journalctl, without a shell between. */

#include "ctl/logs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PROGRAM "journalctl"

/* Digits, or "all" as journalctl(1) has it. */
static bool is_count(const char *text) {
        return strcmp(text, "all") == 0 || (*text && strspn(text, "0123456789") == strlen(text));
}

static int refuse(const char *where, const char *hint, const char *message, ExitCode code) {
        _cleanup_(user_error_deinit) UserError error = {};

        user_error_set(&error, where, hint, "%s", message);
        return call_refuse(&error, code);
}

static int hand_over(const char *const *argv) {
        if (fflush(stdout) == EOF)
                return -errno;

        execvp(PROGRAM, (char *const *)argv);
        if (errno == ENOENT)
                return refuse(NULL, "without systemd, reqd's log is its standard error",
                        "there is no " PROGRAM " on this machine", EXIT_CODE_ERROR);

        return refuse(PROGRAM, NULL, strerror(errno), EXIT_CODE_ERROR);
}

int logs_run(Call *call) {
        const char *lines = args_value(call->args, "--lines"), *argv[12];
        _cleanup_free_ char *match = NULL;
        size_t n = 0;

        if (lines && !is_count(lines))
                return refuse("--lines", "a number, or all", "is no number of entries", EXIT_CODE_USAGE);
        if (asprintf(&match, "JOB=%s", call->args->job) < 0)
                return -ENOMEM;

        argv[n++] = PROGRAM;
        argv[n++] = "--identifier=reqd";
        if (call->output.json) {
                argv[n++] = "--output=json";
                argv[n++] = "--all"; /* or long fields are null */
        }
        if (lines) {
                argv[n++] = "--lines";
                argv[n++] = lines;
        }
        if (args_has(call->args, "--follow"))
                argv[n++] = "--follow";
        if (args_has(call->args, "--explain"))
                argv[n++] = "--catalog";
        argv[n++] = match;
        argv[n] = NULL;

        if (call->args->no_color)
                (void)setenv("SYSTEMD_COLORS", "0", true);

        return hand_over(argv);
}
