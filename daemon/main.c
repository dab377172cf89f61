/* reqd: arguments, configuration, run. */

#include <errno.h>
#include <locale.h>
#include <string.h>

#include "common/log.h"
#include "daemon/arguments.h"
#include "daemon/daemon.h"

static int read_config(const Arguments *arguments, Config **ret_config, UserError *error) {
        _cleanup_(config_freep) Config *config = NULL;
        int r;

        r = config_new(arguments->config, &config, error);
        if (!r && arguments->store)
                r = config_set(config, "Store.URI", arguments->store, "--store", error);
        if (!r && arguments->socket)
                r = config_set(config, "Control.Socket", arguments->socket, "--socket", error);
        if (!r && arguments->log_level)
                r = config_set(config, "Log.LogLevel", arguments->log_level, "--log-level", error);
        if (r)
                return r;

        *ret_config = TAKE_PTR(config);
        return 0;
}

static int run(const Arguments *arguments, UserError *error) {
        _cleanup_(config_freep) Config *config = NULL;
        _cleanup_(daemon_freep) Daemon *daemon = NULL;
        int r;

        r = read_config(arguments, &config, error);
        if (r)
                return r;
        if (arguments->check)
                return daemon_check_config(config, error);

        log_set_level((LogLevel)(config->log.level + LOG_LEVEL_ERROR));
        log_start();
        r = daemon_new(config, &daemon, error);
        if (r)
                return r;

        config = NULL;
        return daemon_run(daemon);
}

static int report(int r, const UserError *error) {
        _cleanup_free_ char *text = error->message ? user_error_format(error) : strdup(strerror(-r));

        log_error("%s", text ? text : "out of memory");
        return r == -EINVAL ? 2 : 1;
}

int main(int argc, char **argv) {
        _cleanup_(user_error_deinit) UserError error = {};
        Arguments arguments = {};
        int r;

        r = arguments_parse(argc, argv, &arguments);
        if (r)
                return r == ARGUMENTS_E_ANSWERED ? 0 : 2;

        setlocale(LC_CTYPE, "C.UTF-8"); /* for hosts with names beyond ASCII (IDNA); numbers stay as in C */
        log_init(LOG_LEVEL_INFO);
        r = run(&arguments, &error);
        if (r)
                r = report(r, &error);
        log_stop();
        return r;
}
