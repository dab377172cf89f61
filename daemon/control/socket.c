/* The listening socket. */

#include "daemon/control/socket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static void closep(int *fd) {
        if (*fd >= 0)
                close(*fd);
}

static int make_address(const char *path, struct sockaddr_un *ret_address, UserError *error) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };

        if (strlen(path) >= sizeof(address.sun_path))
                return user_error_set(
                        error, path, "choose a shorter path: --socket", "is too long for a socket");

        strcpy(address.sun_path, path);
        *ret_address = address;
        return 0;
}

/* Takes away a socket that nobody listens on any more. */
static int clear_place(const struct sockaddr_un *address, UserError *error) {
        _cleanup_(closep) int fd = -1;
        struct stat st;

        if (lstat(address->sun_path, &st) < 0)
                return 0;
        if (!S_ISSOCK(st.st_mode))
                return user_error_set(error, address->sun_path, NULL, "is there already, and is no socket");

        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return user_error_set(error, address->sun_path, NULL, "%s", strerror(errno));
        if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 || errno != ECONNREFUSED)
                return user_error_set(error, address->sun_path, "choose another place: --socket",
                        "another reqd listens there");

        unlink(address->sun_path);
        return 0;
}

int socket_listen(const char *path, UserError *error) {
        _cleanup_(closep) int fd = -1;
        struct sockaddr_un address;
        int r;

        r = make_address(path, &address, error);
        if (r)
                return r;

        r = clear_place(&address, error);
        if (r)
                return r;

        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
                chmod(path, 0660) < 0 || listen(fd, SOMAXCONN) < 0)
                return user_error_set(
                        error, path, "choose another place: --socket", "cannot listen: %s", strerror(errno));

        r = fd;
        fd = -1;
        return r;
}
