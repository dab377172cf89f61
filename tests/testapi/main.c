/* Starts the test API, says where it listens, and serves until it is told to end. */

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/testapi/arguments.h"
#include "tests/testapi/server.h"

/* Tens of thousands of connections; the soft limit is low for the sake of select(), which is not used. */
static void raise_descriptor_limit(void) {
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
                return;

        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
}

/* Whoever waits for the file finds it whole or not at all. */
static int write_port_file(const char *path, uint16_t port) {
        _cleanup_free_ char *temporary = NULL;
        FILE *file;
        bool failed;

        if (asprintf(&temporary, "%s.new", path) < 0) {
                temporary = NULL;
                return -ENOMEM;
        }

        file = fopen(temporary, "we");
        if (!file)
                return -errno;

        failed = fprintf(file, "%u\n", port) < 0;
        failed = fclose(file) != 0 || failed;
        if (failed || rename(temporary, path) < 0) {
                int r = errno ? -errno : -EIO;

                (void)unlink(temporary);
                return r;
        }

        return 0;
}

static int announce(const Arguments *arguments, uint16_t port) {
        char host[INET_ADDRSTRLEN] = "[::1]";
        int r;

        if (arguments->port_file) {
                r = write_port_file(arguments->port_file, port);
                if (r)
                        return r;
        }

        if (arguments->address.any.sa_family == AF_INET)
                (void)inet_ntop(AF_INET, &arguments->address.v4.sin_addr, host, sizeof(host));

        return printf("listening on http://%s:%u\n", host, port) < 0 || fflush(stdout) != 0 ? -EIO : 0;
}

static int serve(const Arguments *arguments) {
        Server server;
        int r;

        r = server_init(&server, &arguments->address.any, arguments->address_size, &arguments->defaults);
        if (!r)
                r = announce(arguments, server.port);
        if (!r)
                r = server_run(&server);

        server_deinit(&server);
        return r;
}

int main(int argc, char **argv) {
        Arguments arguments;
        int r;

        r = arguments_read(&arguments, argc, argv);
        if (r)
                return r == ARGUMENTS_E_HELP ? EXIT_SUCCESS : 2;

        raise_descriptor_limit();

        r = serve(&arguments);
        if (r) {
                fprintf(stderr, "reqd-testapi: %s\n", strerror(-r));
                return EXIT_FAILURE;
        }

        return EXIT_SUCCESS;
}
