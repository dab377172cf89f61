/* The listening socket that systemd passes to a service with a socket unit. */

#include "daemon/system/activation.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#define WHERE "reqd.socket"
#define HINT "write one ListenStream=, the path of a Unix socket"

static void close_all(int n) {
        for (int i = 0; i < n; i++)
                close(SD_LISTEN_FDS_START + i);
}

int activation_take(int *ret_fd, UserError *error) {
        int n = sd_listen_fds(true), fd = SD_LISTEN_FDS_START, flags, r;

        if (n <= 0) {
                *ret_fd = -1;
                return 0;
        }

        if (n > 1) {
                close_all(n);
                return user_error_set(error, WHERE, HINT, "%d sockets were passed, and one is wanted", n);
        }

        if (sd_is_socket_unix(fd, SOCK_STREAM, true, NULL, 0) <= 0) {
                close_all(n);
                return user_error_set(
                        error, WHERE, HINT, "what was passed is no Unix stream socket that listens");
        }

        flags = fcntl(fd, F_GETFL);
        if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
                r = -errno;
                close_all(n);
                return r;
        }

        *ret_fd = fd;
        return 0;
}
