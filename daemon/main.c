/* reqd: arguments, configuration, run. */

#include <errno.h>
#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "daemon/daemon.h"

static const char help[] =
        "usage: reqd [--config FILE] [--store URI] [--socket PATH] [--log-level LEVEL]\n"
        "            [--check-config]\n"
        "\n"
        "Sends one HTTP request for each document of a collection, many at a time, and stores every\n"
        "answer beside its document. Jobs are submitted and watched with reqctl.\n"
        "\n"
        "  --config FILE    instead of /etc/reqd/reqd.conf; FILE.d/*.conf is read too\n"
        "  --store URI      sqlite:FILE, mongodb://HOST/DB or mongodb+srv://HOST/DB\n"
        "  --socket PATH    where reqctl finds it\n"
        "  --log-level LEVEL  error, warning, notice, info (the default) or debug\n"
        "  --check-config   say whether the configuration is valid, and end\n"
        "  --version\n"
        "  --help\n";

typedef struct Arguments Arguments;

struct Arguments {
        const char *config;
        const char *store;
        const char *socket;
        const char *log_level;
        bool check;
};

enum {
        PARSE_RUN = -1, /* other results are exit codes */
};

static int parse(int argc, char **argv, Arguments *ret_arguments) {
        static const struct option options[] = {
                { "config", required_argument, NULL, 'c' },
                { "store", required_argument, NULL, 's' },
                { "socket", required_argument, NULL, 'S' },
                { "log-level", required_argument, NULL, 'l' },
                { "check-config", no_argument, NULL, 'C' },
                { "version", no_argument, NULL, 'v' },
                { "help", no_argument, NULL, 'h' },
                {},
        };
        int option;

        while ((option = getopt_long(argc, argv, "h", options, NULL)) >= 0)
                switch (option) {
                case 'c':
                        ret_arguments->config = optarg;
                        break;
                case 's':
                        ret_arguments->store = optarg;
                        break;
                case 'S':
                        ret_arguments->socket = optarg;
                        break;
                case 'l':
                        ret_arguments->log_level = optarg;
                        break;
                case 'C':
                        ret_arguments->check = true;
                        break;
                case 'v':
                        puts("reqd " REQD_VERSION);
                        return 0;
                case 'h':
                        fputs(help, stdout);
                        return 0;
                default:
                        fputs("reqd: see reqd --help\n", stderr);
                        return 2;
                }

        if (optind < argc) {
                fprintf(stderr, "reqd: \"%s\" is not understood; see reqd --help\n", argv[optind]);
                return 2;
        }

        return PARSE_RUN;
}

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

        r = parse(argc, argv, &arguments);
        if (r != PARSE_RUN)
                return r;

        setlocale(LC_CTYPE, "C.UTF-8"); /* for hosts with names beyond ASCII (IDNA); numbers stay as in C */
        log_init(LOG_LEVEL_INFO);
        r = run(&arguments, &error);
        if (r)
                r = report(r, &error);
        log_stop();
        return r;
}
