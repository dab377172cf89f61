#pragma once

#include <stdint.h>

#include "common/alloc.h"
#include "common/error.h"
#include "common/json.h"
#include "common/varlink.h"

/*
 * The connection to reqd: finds its socket, moves frames. Blocking, but for client_receive() with limits.
 * One thread; what it returns by pointer belongs to the caller.
 */

typedef struct Client Client;
typedef struct ClientLimits ClientLimits;

enum {
        _CLIENT_E_SUCCESS,

        CLIENT_E_UNREACHABLE, /* nobody listens there */
        CLIENT_E_DENIED,      /* the socket's permissions keep us out */
        CLIENT_E_CLOSED,      /* the other side is gone */
        CLIENT_E_GARBLED,     /* what came is no Varlink reply */
        CLIENT_E_TIMED_OUT,   /* `until_us` has come */
        CLIENT_E_INTERRUPTED, /* `interrupt_fd` is readable */
};

#define CLIENT_REPLY_MAX                                                                                     \
        (64 * 1024 * 1024) /* bytes of a frame: an exported document has at most 16 MiB, its text more */

/* What ends the waiting for a reply beside the reply. */
struct ClientLimits {
        uint64_t until_us; /* CLOCK_MONOTONIC; 0: no limit */
        int interrupt_fd;  /* becomes readable to interrupt, see signalfd(2); -1: none */
};

#define CLIENT_LIMITS_NONE ((ClientLimits) { .interrupt_fd = -1 })

/*
 * Connects to @path; without it to $REQD_SOCKET, or else to the system's daemon or the user's own.
 * Returns 0; CLIENT_E_UNREACHABLE or CLIENT_E_DENIED with @error filled; -EINVAL with @error filled for a
 * path that no socket can have; another negative code.
 */
int client_new(const char *path, Client **ret_client, UserError *error);
Client *client_free(Client *client);
DEFINE_FREEP(Client, client);

/* Where it is connected to; lives with the client. */
const char *client_path(const Client *client);

/*
 * Sends the call in @frame. A daemon that hung up meanwhile is no error here: what it said before is still to
 * be read.
 */
int client_send(Client *client, const JsonWriter *frame);

/*
 * Waits for one reply, to be emptied by varlink_reply_deinit(). Returns 0, one of the last four above, or a
 * negative code.
 */
int client_receive(Client *client, const ClientLimits *limits, VarlinkReply *ret_reply);

/* Waits until one of @limits is reached: CLIENT_E_TIMED_OUT, CLIENT_E_INTERRUPTED, or a negative code. */
int client_wait(const ClientLimits *limits);
