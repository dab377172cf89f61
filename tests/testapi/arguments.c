/* The command line: a few options of its own, and each parameter that may be a default. */

#include "tests/testapi/arguments.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/testapi/pages.h"

#define OPTIONS_MAX 32
#define OPTION_NAME_SIZE 32

enum {
        OPTION_LISTEN = 256,
        OPTION_PORT_FILE,
        OPTION_HELP,
        OPTION_PARAMETER, /* and above: one for each default */
};

typedef struct {
        struct option options[OPTIONS_MAX];
        char names[OPTIONS_MAX][OPTION_NAME_SIZE];
} OptionTable;

static void help(void) {
        printf("reqd-testapi [--listen ADDRESS:PORT] [--port-file FILE] [--NAME VALUE...]\n\n"
               "An HTTP/1.1 server that delays, fails and counts as each request asks, for tests.\n\n"
               "  --listen ADDRESS:PORT   a loopback address; port 0, the default, lets the kernel choose\n"
               "  --port-file FILE        write the port there once connections are accepted\n"
               "  --NAME VALUE            a default for a parameter marked * below, as --delay 200ms\n"
               "  --help\n\n"
               "Prints `listening on http://ADDRESS:PORT` when it is ready, ends on SIGTERM or SIGINT.\n\n"
               "Parameters, in the query of any path:\n\n");
        behaviour_help(stdout);
        printf("\nThe usual answer is {\"id\":ID,\"n\":K,\"pad\":\"x...\"}; K counts the requests of the "
               "id.\n"
               "A wrong value is answered with 400, an unknown name is ignored.\n\n"
               "Paths of its own, never counted and never delayed:\n\n");
        pages_help(stdout);
}

/* Parameters have underscores where options have dashes. */
static void fill_table(OptionTable *table) {
        static const struct option own[] = {
                { "listen", required_argument, NULL, OPTION_LISTEN },
                { "port-file", required_argument, NULL, OPTION_PORT_FILE },
                { "help", no_argument, NULL, OPTION_HELP },
        };
        const char *name;

        *table = (OptionTable) {};
        memcpy(table->options, own, sizeof(own));

        for (size_t i = 0; (name = behaviour_default_name(i)) && i + ELEMENTSOF(own) + 1 < OPTIONS_MAX; i++) {
                for (size_t k = 0; name[k] && k + 1 < OPTION_NAME_SIZE; k++)
                        table->names[i][k] = name[k] == '_' ? '-' : name[k];

                table->options[i + ELEMENTSOF(own)] = (struct option) { table->names[i], required_argument,
                        NULL, OPTION_PARAMETER + (int)i };
        }
}

static bool read_port(const char *text, uint16_t *ret_port) {
        unsigned long port;
        char *end;

        if (*text < '0' || *text > '9')
                return false;

        port = strtoul(text, &end, 10);
        if (*end || port > UINT16_MAX)
                return false;

        *ret_port = (uint16_t)port;
        return true;
}

/* Only the loopback: a server that does whatever it is asked to is not for the network. */
static bool read_address(Arguments *arguments, const char *text) {
        const char *colon = strrchr(text, ':');
        char host[64] = "";
        uint16_t port;

        if (!colon || (size_t)(colon - text) >= sizeof(host) || !read_port(colon + 1, &port))
                return false;

        memcpy(host, text, (size_t)(colon - text));
        arguments->address.v6 = (struct sockaddr_in6) {};

        if (strcmp(host, "[::1]") == 0) {
                arguments->address.v6.sin6_family = AF_INET6;
                arguments->address.v6.sin6_addr = in6addr_loopback;
                arguments->address.v6.sin6_port = htons(port);
                arguments->address_size = sizeof(arguments->address.v6);
                return true;
        }

        arguments->address.v4.sin_family = AF_INET;
        arguments->address.v4.sin_port = htons(port);
        arguments->address_size = sizeof(arguments->address.v4);
        if (inet_pton(AF_INET, strcmp(host, "localhost") == 0 ? "127.0.0.1" : host,
                    &arguments->address.v4.sin_addr) != 1)
                return false;

        return ntohl(arguments->address.v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

static int read_parameter(Arguments *arguments, size_t i, const char *value) {
        const char *name = behaviour_default_name(i);
        Text text = text_of(name);

        if (!behaviour_set(&arguments->defaults, BEHAVIOUR_DEFAULT, text, text_of(value)))
                return 0;

        fprintf(stderr, "reqd-testapi: --%s %s: not %s\n", name, value, behaviour_expected(text));
        return ARGUMENTS_E_WRONG;
}

static int read_option(Arguments *arguments, int option) {
        switch (option) {
        case OPTION_LISTEN:
                if (read_address(arguments, optarg))
                        return 0;
                fprintf(stderr,
                        "reqd-testapi: --listen %s: not a loopback address and port (127.0.0.1:8080)\n",
                        optarg);
                return ARGUMENTS_E_WRONG;
        case OPTION_PORT_FILE:
                arguments->port_file = optarg;
                return 0;
        case OPTION_HELP:
                help();
                return ARGUMENTS_E_HELP;
        default:
                if (option < OPTION_PARAMETER)
                        return ARGUMENTS_E_WRONG; /* getopt_long() has said what is wrong */
                return read_parameter(arguments, (size_t)(option - OPTION_PARAMETER), optarg);
        }
}

int arguments_read(Arguments *arguments, int argc, char **argv) {
        OptionTable table;
        int option, r;

        *arguments = (Arguments) {};
        (void)read_address(arguments, "127.0.0.1:0");
        fill_table(&table);

        while ((option = getopt_long(argc, argv, "", table.options, NULL)) != -1) {
                r = read_option(arguments, option);
                if (r)
                        return r;
        }

        if (optind < argc) {
                fprintf(stderr, "reqd-testapi: %s: not an option (see --help)\n", argv[optind]);
                return ARGUMENTS_E_WRONG;
        }

        return 0;
}
