/* What is typed after reqd: one table for understanding it and for explaining it. */

#include "daemon/arguments.h"

#include <getopt.h>
#include <string.h>

#define HELP_COLUMN 22 /* of "  --log-level LEVEL" */

/* In the order of arguments_options. */
enum {
        OPTION_CONFIG,
        OPTION_STORE,
        OPTION_SOCKET,
        OPTION_LOG_LEVEL,
        OPTION_CHECK_CONFIG,
        OPTION_VERSION,
        OPTION_HELP,
        _OPTION_N,
};

const CommandOption arguments_options[] = {
        [OPTION_CONFIG] = { "--config", 0, "FILE",
                "instead of /etc/reqd/reqd.conf; FILE.d/*.conf is read too" },
        [OPTION_STORE] = { "--store", 0, "URI", "sqlite:FILE, mongodb://HOST/DB or mongodb+srv://HOST/DB" },
        [OPTION_SOCKET] = { "--socket", 0, "PATH", "where reqctl finds it" },
        [OPTION_LOG_LEVEL] = { "--log-level", 0, "LEVEL", "error, warning, notice, info or debug" },
        [OPTION_CHECK_CONFIG] = { "--check-config", 0, NULL,
                "say whether the configuration is valid, and end" },
        [OPTION_VERSION] = { "--version", 0, NULL, "print the version" },
        [OPTION_HELP] = { "--help", 'h', NULL, "say how the program is used" },
        [_OPTION_N] = {},
};

static void print_help(FILE *out) {
        fputs("usage: reqd [OPTIONS]\n"
              "\n"
              "Sends one HTTP request for each document of a collection, many at a time, and stores every\n"
              "answer beside its document. Jobs are submitted and watched with reqctl.\n"
              "\n",
                out);

        for (const CommandOption *option = arguments_options; option->flag; option++) {
                char column[64];

                snprintf(column, sizeof(column), "%s%s%s", option->flag, option->arg ? " " : "",
                        option->arg ? option->arg : "");
                fprintf(out, "  %-*s %s\n", HELP_COLUMN - 2, column, option->help);
        }
}

static void fill(struct option *options) {
        for (int i = 0; i < _OPTION_N; i++)
                options[i] = (struct option) {
                        .name = arguments_options[i].flag + strlen("--"),
                        .has_arg = arguments_options[i].arg ? required_argument : no_argument,
                        .val = i,
                };
        options[_OPTION_N] = (struct option) {};
}

/* Takes what was given; an answer or a complaint ends it. */
static int take(int option, Arguments *arguments) {
        switch (option) {
        case OPTION_CONFIG:
                arguments->config.file = optarg;
                return 0;
        case OPTION_STORE:
                arguments->config.store = optarg;
                return 0;
        case OPTION_SOCKET:
                arguments->config.socket = optarg;
                return 0;
        case OPTION_LOG_LEVEL:
                arguments->config.log_level = optarg;
                return 0;
        case OPTION_CHECK_CONFIG:
                arguments->check = true;
                return 0;
        case OPTION_VERSION:
                puts("reqd " REQD_VERSION);
                return ARGUMENTS_E_ANSWERED;
        case 'h':
        case OPTION_HELP:
                print_help(stdout);
                return ARGUMENTS_E_ANSWERED;
        default:
                fputs("reqd: see reqd --help\n", stderr);
                return ARGUMENTS_E_WRONG;
        }
}

int arguments_parse(int argc, char **argv, Arguments *ret_arguments) {
        struct option options[_OPTION_N + 1];
        Arguments arguments = {};
        int option, r;

        fill(options);
        while ((option = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
                r = take(option, &arguments);
                if (r)
                        return r;
        }

        if (optind < argc) {
                fprintf(stderr, "reqd: \"%s\" is not understood; see reqd --help\n", argv[optind]);
                return ARGUMENTS_E_WRONG;
        }

        *ret_arguments = arguments;
        return 0;
}
