#pragma once

/*
 * The kept connections of one multi, and which of them spoke though nobody asked: a server that answers twice,
 * or that hangs up. curl 7.88 takes such a connection again, and what lies in it for the answer to the next
 * request: to another document's. So those are shut down before it chooses one. Thread: the loop's.
 */

typedef struct Idle Idle;

struct Idle {
        int epoll_fd; /* none of its own: the kernel forgets what is closed */
};

/* Returns 0 or -ENOMEM, which it says of descriptors, too. */
int idle_init(Idle *idle);
void idle_deinit(Idle *idle);

/* A socket that curl waits on no longer, or again. It may be no connection, and may be closed at any time. */
void idle_add(Idle *idle, int fd);
void idle_remove(Idle *idle, int fd);

/* Makes those that cannot be trusted useless, which curl sees before it takes a connection. */
void idle_shut_spoken(Idle *idle);
