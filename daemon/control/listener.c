/* Clients come in here, a few at a time, and also when there is hardly a descriptor left. */

#include "daemon/control/listener.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/event.h"
#include "common/timeutil.h"
#include "daemon/system/descriptors.h"

#define ACCEPTED_AT_ONCE 16
#define SPARE_N 8                      /* the last of them only ever tells a client that there is no room */
#define AGAIN_US (100 * USEC_PER_MSEC) /* no event tells that some descriptor of the process was closed */
#define TOLD_EVERY_US (60 * USEC_PER_SEC)

struct Listener {
        ListenerOptions options;
        struct event *readable;
        struct event *again; /* while spare descriptors are missing */
        int spare[SPARE_N];
        size_t n_spare;
        uint64_t told_us; /* when the log was told last that descriptors are short; 0: never */
};

static void fill_spare(Listener *listener) {
        while (listener->n_spare < SPARE_N) {
                int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

                if (fd < 0)
                        return;
                listener->spare[listener->n_spare++] = fd;
        }
}

static void look_again(Listener *listener) {
        static const struct timeval again = { .tv_usec = AGAIN_US };

        event_add(listener->again, &again);
}

static void tell_short(Listener *listener, int code) {
        uint64_t now_us = time_now_us();
        LogEntry entry;

        if (listener->told_us && now_us - listener->told_us < TOLD_EVERY_US)
                return;

        listener->told_us = now_us;
        log_entry_begin(&entry, &events[EVENT_CLIENTS_TURNED_AWAY]);
        log_entry_send(&entry,
                "cannot take in clients: %s; those of root and the daemon's own user still come in, others "
                "are "
                "told that it is busy",
                strerror(code));
}

void listener_turn_away(const Listener *listener, int fd) {
        (void)send(fd, listener->options.busy, listener->options.busy_len, MSG_DONTWAIT | MSG_NOSIGNAL);
        close(fd);
}

void listener_close_client(Listener *listener, int fd) {
        close(fd);
        fill_spare(listener);
}

static int accept_client(const Listener *listener) {
        return accept4(event_get_fd(listener->readable), NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/* One client in the place of a spare descriptor. False: that did not help, the descriptor is somebody else's. */
static bool accept_by_spare(Listener *listener, int *ret_fd) {
        if (listener->n_spare == 0)
                return false;

        close(listener->spare[--listener->n_spare]);
        *ret_fd = accept_client(listener);
        return *ret_fd >= 0 || !descriptors_short(errno);
}

static void take_in(Listener *listener, int fd, bool by_spare) {
        const ListenerOptions *options = &listener->options;
        struct ucred credentials;
        socklen_t size = sizeof(credentials);

        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0)
                close(fd);
        else if (by_spare && (listener->n_spare == 0 || !options->matters(credentials.uid)))
                listener_turn_away(listener, fd);
        else
                options->came(options->userdata, fd, credentials.uid, credentials.pid);
}

/* Returns whether there may be another client. */
static bool accept_one(Listener *listener) {
        bool by_spare = false;
        int fd = accept_client(listener);

        if (fd < 0 && descriptors_short(errno)) {
                tell_short(listener, errno);
                by_spare = true;
                if (!accept_by_spare(listener, &fd)) {
                        event_del(listener->readable);
                        look_again(listener);
                        return false;
                }
        }

        if (fd < 0) /* none, or one that has left again */
                return errno != EAGAIN && errno != EWOULDBLOCK;

        take_in(listener, fd, by_spare);
        return true;
}

static void on_readable(int fd, short what, void *userdata) {
        Listener *listener = userdata;

        bool more = true;

        for (size_t i = 0; more && i < ACCEPTED_AT_ONCE; i++) {
                more = accept_one(listener);
                fill_spare(listener);
        }

        if (listener->n_spare < SPARE_N && !event_pending(listener->again, EV_TIMEOUT, NULL))
                look_again(listener);
}

static void on_again(int fd, short what, void *userdata) {
        Listener *listener = userdata;

        fill_spare(listener);
        if (listener->n_spare < SPARE_N)
                look_again(listener);
        if (listener->n_spare > 0)
                event_add(listener->readable, NULL);
}

int listener_new(const ListenerOptions *options, Listener **ret_listener) {
        _cleanup_(listener_freep) Listener *listener = calloc(1, sizeof(*listener));

        if (!listener)
                return -ENOMEM;

        listener->options = *options;
        listener->options.fd = -1; /* the caller's until all is well */
        listener->readable =
                event_new(options->base, options->fd, EV_READ | EV_PERSIST, on_readable, listener);
        listener->again = evtimer_new(options->base, on_again, listener);
        if (!listener->readable || !listener->again || event_add(listener->readable, NULL) < 0)
                return -ENOMEM;

        fill_spare(listener);
        listener->options.fd = options->fd;
        *ret_listener = TAKE_PTR(listener);
        return 0;
}

Listener *listener_free(Listener *listener) {
        if (!listener)
                return NULL;

        if (listener->readable)
                event_free(listener->readable);
        if (listener->again)
                event_free(listener->again);
        while (listener->n_spare > 0)
                close(listener->spare[--listener->n_spare]);
        if (listener->options.fd >= 0)
                close(listener->options.fd);
        free(listener);
        return NULL;
}
