/* Finds reqd's socket and moves frames over it. */

#include "ctl/client.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/timeutil.h"

#define SYSTEM_SOCKET "/run/reqd/reqd.sock"
#define USER_SOCKET "reqd.sock" /* in $XDG_RUNTIME_DIR */

#define READ_SIZE (64 * 1024) /* bytes of room for each read */

struct Client {
        int fd;
        char *path;
        char *buffer; /* what has come and was not yet returned */
        size_t size;  /* bytes of room in it */
        size_t begin; /* of the first frame */
        size_t end;
        size_t scanned; /* no NUL before this one */
};

Client *client_free(Client *client) {
        if (!client)
                return NULL;

        if (client->fd >= 0)
                close(client->fd);
        free(client->path);
        free(client->buffer);
        free(client);
        return NULL;
}

const char *client_path(const Client *client) {
        return client->path;
}

/* Whose members may use the socket; what the package makes it where that cannot be seen. */
static const char *socket_group(const char *path) {
        const struct group *group;
        struct stat st;

        if (stat(path, &st) < 0)
                return "reqd";

        group = getgrgid(st.st_gid);
        return group ? group->gr_name : "reqd";
}

static int refuse_denied(const char *path, UserError *error) {
        const char *group = socket_group(path);
        _cleanup_free_ char *hint = NULL;

        if (strcmp(group, "root") != 0 &&
                asprintf(&hint, "the members of its group may: usermod -aG %s USER, then log in again",
                        group) < 0)
                return -ENOMEM;

        (void)user_error_set(error, NULL, hint ? hint : "only root and the user that reqd runs as may",
                "you may not use the socket %s", path);
        return CLIENT_E_DENIED;
}

static int refuse_unreachable(const char *path, int errnum, UserError *error) {
        if (errnum != ENOENT && errnum != ECONNREFUSED && errnum != ENOTDIR)
                (void)user_error_set(error, NULL, NULL, "cannot connect to %s: %s", path, strerror(errnum));
        else
                (void)user_error_set(error, NULL,
                        "start it with: systemctl start reqd, or reqd --store sqlite:FILE",
                        "reqd is not running at %s", path);
        return CLIENT_E_UNREACHABLE;
}

static int connect_path(const char *path, Client **ret_client, UserError *error) {
        _cleanup_(client_freep) Client *client = NULL;
        struct sockaddr_un address = { .sun_family = AF_UNIX };

        if (strlen(path) >= sizeof(address.sun_path))
                return user_error_set(error, path, NULL, "a socket's path has at most %zu bytes",
                        sizeof(address.sun_path) - 1);
        strcpy(address.sun_path, path);

        client = calloc(1, sizeof(*client));
        if (!client)
                return -ENOMEM;

        client->path = strdup(path);
        client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (client->fd < 0)
                return error_trace(-errno);
        if (!client->path)
                return -ENOMEM;

        if (connect(client->fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
                return errno == EACCES || errno == EPERM ? refuse_denied(path, error)
                                                         : refuse_unreachable(path, errno, error);

        *ret_client = TAKE_PTR(client);
        return 0;
}

/*
 * The system's daemon, or else the user's own; where neither answers, the first one is the one to tell about.
 */
static int connect_default(Client **ret_client, UserError *error) {
        _cleanup_(user_error_deinit) UserError ignored = {};
        const char *runtime = getenv("XDG_RUNTIME_DIR");
        _cleanup_free_ char *path = NULL;
        int r;

        r = connect_path(SYSTEM_SOCKET, ret_client, error);
        if (r <= 0 || !runtime || !*runtime)
                return r;

        if (asprintf(&path, "%s/" USER_SOCKET, runtime) < 0)
                return -ENOMEM;

        if (connect_path(path, ret_client, &ignored))
                return r;

        user_error_deinit(error);
        return 0;
}

int client_new(const char *path, Client **ret_client, UserError *error) {
        const char *named = path ? path : getenv("REQD_SOCKET");

        return named && *named ? connect_path(named, ret_client, error) : connect_default(ret_client, error);
}

int client_send(Client *client, const JsonWriter *frame) {
        size_t len, sent = 0;
        const char *text = json_writer_text(frame, &len);

        if (!text)
                return -ENOMEM;

        while (sent < len + 1) { /* the NUL behind the text ends the frame */
                ssize_t n = send(client->fd, text + sent, len + 1 - sent, MSG_NOSIGNAL);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0 && (errno == EPIPE || errno == ECONNRESET))
                        return 0;
                if (n < 0)
                        return error_trace(-errno);

                sent += (size_t)n;
        }

        return 0;
}

static int poll_timeout_ms(uint64_t until_us) {
        uint64_t now_us = time_now_us(), ms;

        if (until_us == 0)
                return -1;
        if (now_us >= until_us)
                return 0;

        ms = (until_us - now_us) / USEC_PER_MSEC + 1; /* rounded up, or the last millisecond would spin */
        return ms > INT_MAX ? INT_MAX : (int)ms;
}

/* Until @fd can be read, or one of the limits is reached. @fd may be -1. */
static int wait_readable(int fd, const ClientLimits *limits) {
        struct pollfd fds[] = {
                { .fd = fd, .events = POLLIN },
                { .fd = limits->interrupt_fd, .events = POLLIN },
        };
        int n;

        do {
                n = poll(fds, ELEMENTSOF(fds), poll_timeout_ms(limits->until_us));
        } while ((n < 0 && errno == EINTR) || (n == 0 && time_now_us() < limits->until_us));

        if (n < 0)
                return error_trace(-errno);
        if (fds[1].revents)
                return CLIENT_E_INTERRUPTED;

        return n == 0 ? CLIENT_E_TIMED_OUT : 0;
}

int client_wait(const ClientLimits *limits) {
        return wait_readable(-1, limits);
}

/* Makes room for another read, behind what is there. */
static int make_room(Client *client) {
        size_t size = 2 * client->size > READ_SIZE ? 2 * client->size : READ_SIZE;
        char *buffer;

        if (client->begin > 0) {
                memmove(client->buffer, client->buffer + client->begin, client->end - client->begin);
                client->end -= client->begin;
                client->scanned -= client->begin;
                client->begin = 0;
        }

        if (client->size - client->end >= READ_SIZE)
                return 0;

        buffer = realloc(client->buffer, size);
        if (!buffer)
                return -ENOMEM;

        client->buffer = buffer;
        client->size = size;
        return 0;
}

static int read_more(Client *client) {
        ssize_t n;
        int r;

        r = make_room(client);
        if (r)
                return r;

        do {
                n = recv(client->fd, client->buffer + client->end, client->size - client->end, 0);
        } while (n < 0 && errno == EINTR);

        if (n == 0 || (n < 0 && errno == ECONNRESET))
                return CLIENT_E_CLOSED;
        if (n < 0)
                return error_trace(-errno);

        client->end += (size_t)n;
        return client->end - client->begin > CLIENT_REPLY_MAX ? CLIENT_E_GARBLED : 0;
}

/* The NUL that ends the first frame, or NULL while it has not come. */
static const char *frame_end(Client *client) {
        const char *nul;

        if (client->scanned == client->end)
                return NULL;

        nul = memchr(client->buffer + client->scanned, '\0', client->end - client->scanned);
        client->scanned = client->end;
        return nul;
}

static int take_frame(Client *client, const char *nul, VarlinkReply *ret_reply) {
        const char *frame = client->buffer + client->begin;
        _cleanup_(user_error_deinit) UserError error = {};
        int r;

        r = varlink_reply_parse(frame, (size_t)(nul - frame), ret_reply, &error);
        client->begin = client->scanned = (size_t)(nul + 1 - client->buffer);
        return r == -EINVAL ? CLIENT_E_GARBLED : r;
}

int client_receive(Client *client, const ClientLimits *limits, VarlinkReply *ret_reply) {
        const char *nul;
        int r;

        for (;;) {
                nul = frame_end(client);
                if (nul)
                        return take_frame(client, nul, ret_reply);

                r = wait_readable(client->fd, limits);
                if (r)
                        return r;

                r = read_more(client);
                if (r)
                        return r;
        }
}
