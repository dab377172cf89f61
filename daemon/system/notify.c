/* What the service manager is told, without ever waiting for it. */

#include "daemon/system/notify.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "common/timeutil.h"

#define STATUS_SIZE 256
#define MESSAGE_SIZE (STATUS_SIZE + 256)

struct Notify {
        struct sockaddr_un address;
        socklen_t address_size;
        int fd;
        struct event *writable; /* the manager reads again */
        struct event *watchdog; /* NULL: it has none for us */

        /* What is still to be sent. */
        bool ready;
        bool reloading;
        bool stopping;
        bool alive;
        bool status_changed;
        uint64_t extend_us;
        char status[STATUS_SIZE];
};

static bool is_pending(const Notify *notify) {
        return notify->ready || notify->reloading || notify->stopping || notify->alive ||
               notify->status_changed || notify->extend_us;
}

static int format(const Notify *notify, char *message) {
        int n = 0;

        if (notify->reloading)
                n += snprintf(message + n, MESSAGE_SIZE - (size_t)n, "RELOADING=1\nMONOTONIC_USEC=%llu\n",
                        (unsigned long long)time_now_us());
        if (notify->ready)
                n += snprintf(message + n, MESSAGE_SIZE - (size_t)n, "READY=1\n");
        if (notify->stopping)
                n += snprintf(message + n, MESSAGE_SIZE - (size_t)n, "STOPPING=1\n");
        if (notify->alive)
                n += snprintf(message + n, MESSAGE_SIZE - (size_t)n, "WATCHDOG=1\n");
        if (notify->extend_us)
                n += snprintf(message + n, MESSAGE_SIZE - (size_t)n, "EXTEND_TIMEOUT_USEC=%llu\n",
                        (unsigned long long)notify->extend_us);
        if (notify->status_changed)
                n += snprintf(message + n, MESSAGE_SIZE - (size_t)n, "STATUS=%s\n", notify->status);

        return n;
}

/* Again each time that the other end has gone: a manager that re-executes itself has a new socket. */
static bool send_message(Notify *notify, const char *message, int len) {
        const struct sockaddr *address = (const struct sockaddr *)&notify->address;

        if (send(notify->fd, message, (size_t)len, MSG_NOSIGNAL) == len)
                return true;
        if (errno == EAGAIN || connect(notify->fd, address, notify->address_size) < 0)
                return false;

        return send(notify->fd, message, (size_t)len, MSG_NOSIGNAL) == len;
}

static void flush(Notify *notify) {
        char message[MESSAGE_SIZE];

        if (!is_pending(notify))
                return;

        if (!send_message(notify, message, format(notify, message))) {
                if (errno == EAGAIN)
                        event_add(notify->writable, NULL);
                return;
        }

        notify->ready = notify->reloading = notify->stopping = false;
        notify->alive = notify->status_changed = false;
        notify->extend_us = 0;
}

static void on_writable(int fd, short what, void *userdata) {
        flush(userdata);
}

static void on_watchdog(int fd, short what, void *userdata) {
        Notify *notify = userdata;

        notify->alive = true;
        flush(notify);
}

static int read_address(const char *text, Notify *notify) {
        size_t len = strlen(text);

        if ((*text != '/' && *text != '@') || len < 2 || len >= sizeof(notify->address.sun_path))
                return -EINVAL;

        notify->address.sun_family = AF_UNIX;
        memcpy(notify->address.sun_path, text, len + 1);
        if (*text == '@')
                notify->address.sun_path[0] = '\0'; /* Linux's abstract names end without a NUL */
        notify->address_size =
                (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (*text == '/' ? 1 : 0));
        return 0;
}

static int start_watchdog(Notify *notify, struct event_base *base) {
        struct timeval half;
        uint64_t interval_us;

        if (sd_watchdog_enabled(false, &interval_us) <= 0)
                return 0;

        notify->watchdog = event_new(base, -1, EV_PERSIST, on_watchdog, notify);
        if (!notify->watchdog)
                return -ENOMEM;

        half = time_as_timeval(interval_us / 2);
        event_priority_set(notify->watchdog, event_base_get_npriorities(base) - 1);
        return event_add(notify->watchdog, &half) < 0 ? -ENOMEM : 0;
}

int notify_new(struct event_base *base, Notify **ret_notify) {
        _cleanup_(notify_freep) Notify *notify = NULL;
        const char *address = getenv("NOTIFY_SOCKET");

        notify = calloc(1, sizeof(*notify));
        if (!notify)
                return -ENOMEM;

        notify->fd = -1;
        if (!address || read_address(address, notify)) {
                *ret_notify = NULL;
                return 0;
        }

        notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (notify->fd < 0)
                return -errno;

        notify->writable = event_new(base, notify->fd, EV_WRITE, on_writable, notify);
        if (!notify->writable || start_watchdog(notify, base))
                return -ENOMEM;

        *ret_notify = TAKE_PTR(notify);
        return 0;
}

Notify *notify_free(Notify *notify) {
        if (!notify)
                return NULL;

        if (notify->writable)
                event_free(notify->writable);
        if (notify->watchdog)
                event_free(notify->watchdog);
        if (notify->fd >= 0)
                close(notify->fd);
        free(notify);
        return NULL;
}

void notify_ready(Notify *notify) {
        if (!notify)
                return;

        notify->ready = true;
        notify->reloading = false; /* if nobody has heard of it, it was over before it began */
        flush(notify);
}

void notify_reloading(Notify *notify) {
        if (!notify)
                return;

        notify->reloading = true;
        flush(notify);
}

void notify_stopping(Notify *notify) {
        if (!notify)
                return;

        notify->stopping = true;
        flush(notify);
}

void notify_status(Notify *notify, const char *line) {
        size_t len = strcspn(line, "\n");

        if (!notify)
                return;

        if (len >= STATUS_SIZE)
                for (len = STATUS_SIZE - 1; len > 0 && (line[len] & 0xc0) == 0x80;)
                        len--; /* what is not UTF-8 is not shown at all: no character is cut in two */
        if (strlen(notify->status) == len && memcmp(notify->status, line, len) == 0)
                return;

        snprintf(notify->status, sizeof(notify->status), "%.*s", (int)len, line);
        notify->status_changed = true;
        flush(notify);
}

void notify_extend(Notify *notify, uint64_t more_us) {
        if (!notify)
                return;

        notify->extend_us = more_us;
        flush(notify);
}
