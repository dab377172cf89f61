/* Kept connections that spoke though nobody asked are not used again. */

#include "daemon/http/idle.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/error.h"

int idle_init(Idle *idle) {
        int fd = epoll_create1(EPOLL_CLOEXEC);

        if (fd < 0)
                return error_trace(-ENOMEM);

        *idle = (Idle) { .epoll_fd = fd };
        return 0;
}

void idle_deinit(Idle *idle) {
        close(idle->epoll_fd);
}

/* Without memory it is not watched: curl's own look at it remains, which sees at least a reset. */
void idle_add(Idle *idle, int fd) {
        struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP, .data.fd = fd };

        (void)epoll_ctl(idle->epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

void idle_remove(Idle *idle, int fd) {
        (void)epoll_ctl(idle->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

void idle_shut_spoken(Idle *idle) {
        struct epoll_event events[16];
        int n;

        do {
                n = epoll_wait(idle->epoll_fd, events, ELEMENTSOF(events), 0);
                for (int i = 0; i < n; i++) {
                        idle_remove(idle, events[i].data.fd);
                        (void)shutdown(events[i].data.fd, SHUT_RDWR);
                }
        } while (n == (int)ELEMENTSOF(events));
}
