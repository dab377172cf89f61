#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "common/alloc.h"
#include "common/error.h"
#include "daemon/job/registry.h"
#include "daemon/spec/config.h"

/*
 * The daemon's side of org.reqd: a Unix socket, its peers, and one call of each at a time. A peer that reads
 * slowly or not at all costs bounded memory and no time of the loop. Thread: the loop's.
 */

struct bufferevent;
struct event_base;

typedef struct Call Call;
typedef struct Control Control;
typedef struct ControlOptions ControlOptions;
typedef struct Listener Listener;
typedef struct Peer Peer;
typedef struct Rest Rest;
typedef struct Watch Watch;

struct ControlOptions {
        struct event_base *base; /* these three outlive it */
        Registry *registry;
        const Config *config;
        const char
                *socket; /* path; unless `fd` is a listening socket, passed by systemd, closed at the end */
        int fd;          /* or -1 */
        uint32_t max_clients; /* root and the daemon's own user always get in */
};

TAILQ_HEAD(PeerList, Peer);
TAILQ_HEAD(RestList, Rest);
TAILQ_HEAD(WatchList, Watch);

struct Control {
        struct event_base *base;
        Registry *registry;
        const Config *config;
        char *path; /* of a socket of its own, to be removed */
        Listener *listener;
        JsonWriter *busy; /* holds what clients beyond max_clients are told */
        struct PeerList peers;
        uint32_t n_peers;
        uint32_t n_large; /* of them that may send a large call; see peer.c */
        uint32_t hasty;   /* calls run before anything else since others had their turn */
        uint32_t max_clients;
        struct WatchList watches;
        struct RestList rests;
        RegistryListener registry_listener;
        int64_t started_ms;
};

/* One connection. */
struct Peer {
        TAILQ_ENTRY(Peer) entry;
        Control *control;
        struct bufferevent *stream;
        struct event *look; /* at the input, when others have had their turn */
        uid_t uid;
        pid_t pid;
        size_t most;    /* bytes of the input above which no more is read */
        size_t scanned; /* bytes of it known to hold no NUL */
        Call *call;     /* being answered; the next frame waits for it */
        bool ended;     /* it sends nothing more; what it sent is still answered */
        bool large;     /* its input, or its call, may be larger than other calls */
        bool closing;   /* closed once what was written has gone out */
};

/*
 * Listens on the socket that was passed (`fd` is then its own, if this succeeds), or on one that it makes with
 * mode 0660; a dead one in its place is replaced, a live one is an error.
 * Returns 0; -EINVAL with @error filled; another negative code.
 */
int control_new(const ControlOptions *options, Control **ret_control, UserError *error);

/* Clients beyond it that are in stay. */
void control_set_max_clients(Control *control, uint32_t max_clients);

/*
 * Stops listening, removes a socket of its own, and lets every client go. libevent lets go of them when the loop
 * next runs, so it has to run once more before its base is freed.
 */
void control_close(Control *control);

/* Closes it where that was not done. Accepts NULL. */
Control *control_free(Control *control);
DEFINE_FREEP(Control, control);
