#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "common/alloc.h"

/*
 * Takes in the clients of a listening socket: a few at a time, so that thousands that come at once hold up
 * nothing else in the loop. Thread: the loop's.
 *
 * Where the process has no descriptor left, it uses those that it keeps aside for that: a client that matters
 * comes in on one of them, and another is told `busy` and let go, for one left in the queue would wait without
 * a word and keep the loop awake (accept(2), EMFILE). It is logged once, not for each client.
 */

struct event_base;

typedef struct Listener Listener;
typedef struct ListenerOptions ListenerOptions;

struct ListenerOptions {
        struct event_base *base; /* outlives it */
        int fd;           /* listening and non-blocking; its own from then on, if listener_new() succeeds */
        const char *busy; /* bytes that tell a client so, one frame with its NUL; kept, not copied */
        size_t busy_len;

        /* A client, with `fd` now the callee's. */
        void (*came)(void *userdata, int fd, uid_t uid, pid_t pid);
        /* Whether that user comes in though descriptors are short. */
        bool (*matters)(uid_t uid);
        void *userdata;
};

/* Returns 0 or -ENOMEM. */
int listener_new(const ListenerOptions *options, Listener **ret_listener);

/* Tells a client that there is no room for it, as far as it takes that at once, and closes @fd. */
void listener_turn_away(const Listener *listener, int fd);

/* Closes the descriptor of a client that has come, so that nobody else gets it if the listener lacks one. */
void listener_close_client(Listener *listener, int fd);

/* Closes the socket. Accepts NULL. */
Listener *listener_free(Listener *listener);
DEFINE_FREEP(Listener, listener);
