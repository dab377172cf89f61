#pragma once

#include "common/varlink.h"
#include "daemon/control/control.h"

/*
 * One call of a peer, until its last reply. It belongs to whoever answers it, and outlives its peer where the
 * answer takes time; replies then go nowhere. Thread: the loop's; nothing here blocks, and no function
 * reports an error: without memory the peer is closed.
 */

struct evbuffer;

struct Call {
        Peer *peer; /* NULL: it has left */
        Control *control;
        Actor by; /* that peer's user and process */
        VarlinkCall varlink;
        JsonWriter *writer;
        bool parked; /* waits until the registry is ready; see call_resume() */

        /* Set by those that stream. The peer has left: end the call with call_free(). */
        void (*gone)(Call *call);
        /* Everything written has gone out. */
        void (*drained)(Call *call);
        void *userdata;
};

/*
 * Takes over the frame, with its NUL, parses it, on a worker if it is large, and runs what it asks for. The call
 * may be over when this returns.
 */
void call_run(Peer *peer, struct evbuffer *frame);

/* Runs a parked call. It may be over when this returns. */
void call_resume(Call *call);

/* The peer has gone: streams end at once, others when their answer is there. */
void call_peer_left(Call *call);

/* Ends the call without a reply; its peer may send the next one. */
void call_free(Call *call);

/*
 * Parameters of the call by name, valid as long as the call; their types were checked against the command's
 * table. NULL: absent or null.
 */
const JsonValue *call_parameter(const Call *call, const char *name);
const char *call_string(const Call *call, const char *name);

/* Opens a reply's parameters; the caller writes members, then call_reply(). The writer stays the call's. */
JsonWriter *call_begin(Call *call);

/* Sends it. Without @continues it was the last one, and @call is freed. */
void call_reply(Call *call, bool continues);

/* Sends what the call's writer holds as its last message, and frees @call. */
void call_end(Call *call);

/*
 * Ends the call with an error of org.reqd ("org.reqd.NoSuchJob") and its where, message and hint. Frees
 * @call.
 */
void call_error(Call *call, const char *name, const UserError *error);

/*
 * Ends the call with what a registry function returned: REGISTRY_E_*, -EINVAL for wrong input, other negative
 * codes. Frees @call.
 */
void call_fail(Call *call, int r, const UserError *error);

/* Bytes that wait for the peer; 0 when it has left. */
size_t call_backlog(const Call *call);
