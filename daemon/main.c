/* reqd: arguments, configuration, run. */

#include <errno.h>
#include <locale.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/log.h"
#include "daemon/arguments.h"
#include "daemon/daemon.h"
#include "daemon/settings.h"

/*
 * The daemon holds passwords: neither a core file nor the program that core_pattern names gets its memory. The
 * second call (PR_SET_DUMPABLE, prctl(2)) also keeps debuggers off, so builds with a sanitizer go without: its
 * search for leaks is such a debugger.
 */
static void keep_memory_private(void) {
        struct rlimit none = {};

        (void)setrlimit(RLIMIT_CORE, &none);
#ifndef __SANITIZE_ADDRESS__
        (void)prctl(PR_SET_DUMPABLE, 0);
#endif
}

static int report(int r, const UserError *error) {
        _cleanup_free_ char *text = error->message ? user_error_format(error) : strdup(strerror(-r));

        log_error("%s", text ? text : "out of memory");
        return r == -EINVAL ? 2 : 1;
}

/* Without what exit() does: a library's own end would wait for the thread that is in it, or pull things from under it. */
static _Noreturn void leave(int r, const UserError *error) {
        if (r)
                r = report(r, error);
        log_stop();
        _exit(r);
}

static int run(const Arguments *arguments, UserError *error) {
        _cleanup_(config_freep) Config *config = NULL;
        _cleanup_(daemon_freep) Daemon *daemon = NULL;
        int r;

        r = config_read(&arguments->config, &config, error);
        if (r)
                return r;
        if (arguments->check)
                return settings_check(config, error);

        settings_log(config);
        log_start();
        r = daemon_new(&arguments->config, config, &daemon, error);
        if (r)
                return r;

        config = NULL;
        r = daemon_run(daemon, error);
        if (!daemon_end_calls(daemon))
                leave(r, error);

        return r;
}

int main(int argc, char **argv) {
        _cleanup_(user_error_deinit) UserError error = {};
        Arguments arguments = {};
        int r;

        r = arguments_parse(argc, argv, &arguments);
        if (r)
                return r == ARGUMENTS_E_ANSWERED ? 0 : 2;

        keep_memory_private();
        setlocale(LC_CTYPE, "C.UTF-8"); /* for hosts with names beyond ASCII (IDNA); numbers stay as in C */
        log_init(LOG_LEVEL_INFO);
        r = run(&arguments, &error);
        if (r)
                r = report(r, &error);
        log_stop();
        return r;
}
