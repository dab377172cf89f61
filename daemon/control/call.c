/* One call of a peer, until its last reply. */

#include "daemon/control/call.h"

#include <errno.h>
#include <event2/buffer.h>
#include <string.h>

#include "daemon/control/command.h"
#include "daemon/control/peer.h"

/* What registry functions return, as errors of org.reqd. */
static const struct {
        int r;
        const char *error;
} errors[] = {
        { REGISTRY_E_NO_SUCH_JOB, "org.reqd.NoSuchJob" },
        { REGISTRY_E_CONFLICT, "org.reqd.Conflict" },
        { REGISTRY_E_AWAY, "org.reqd.StoreAway" },
        { REGISTRY_E_REFUSED, "org.reqd.StoreRefuses" },
        { REGISTRY_E_BUSY, "org.reqd.Busy" },
        { -EINVAL, "org.reqd.InvalidInput" },
};

static Call *call_new(Peer *peer) {
        Call *call = calloc(1, sizeof(*call));

        if (!call)
                return NULL;

        call->writer = json_writer_new(false);
        if (!call->writer) {
                free(call);
                return NULL;
        }

        call->peer = peer;
        call->control = peer->control;
        call->by = (Actor) { .uid = peer->uid, .pid = peer->pid };
        return call;
}

void call_free(Call *call) {
        Peer *peer = call->peer;

        varlink_call_deinit(&call->varlink);
        json_writer_free(call->writer);
        free(call);
        if (peer) {
                peer->call = NULL;
                peer_next(peer);
        }
}

/* Where the frames of such a peer begin and end is anybody's guess. */
static void refuse_frame(Call *call, const UserError *error) {
        Peer *peer = call->peer;

        call_free(call);
        if (peer)
                peer_refuse(peer, "org.reqd.InvalidInput", error->message ? error->message : "out of memory",
                        "send {\"method\": ...} and a NUL");
}

/* Just after the start nobody knows the jobs: "no such job" would be a lie. */
static void begin(Call *call) {
        call->parked = !registry_ready(call->control->registry);
        if (!call->parked)
                command_run(call);
}

static int parse(struct evbuffer *frame, VarlinkCall *ret_call, UserError *error) {
        size_t len = evbuffer_get_length(frame);
        const unsigned char *text = evbuffer_pullup(frame, -1);

        return text ? varlink_call_parse((const char *)text, len - 1, ret_call, error) : -ENOMEM;
}

/* A large call while a worker parses it. */
typedef struct LargeCall LargeCall;

struct LargeCall {
        Work work;
        Call *call;
        struct evbuffer *frame;
        VarlinkCall varlink;
        UserError error;
        int r;
};

static void large_free(LargeCall *large) {
        varlink_call_deinit(&large->varlink);
        user_error_deinit(&large->error);
        evbuffer_free(large->frame);
        free(large);
}

static void run_large(Work *work) {
        LargeCall *large = (LargeCall *)work;

        large->r = parse(large->frame, &large->varlink, &large->error);
}

static void large_done(Work *work) {
        LargeCall *large = (LargeCall *)work;
        Call *call = large->call;

        call->varlink = large->varlink;
        large->varlink = (VarlinkCall) {};
        if (large->r)
                refuse_frame(call, &large->error);
        else if (!call->peer)
                call_free(call); /* nobody waits for it any more */
        else
                begin(call);
        large_free(large);
}

static void large_drop(Work *work) {
        LargeCall *large = (LargeCall *)work;

        call_free(large->call);
        large_free(large);
}

static int parse_later(Call *call, struct evbuffer *frame) {
        LargeCall *large = calloc(1, sizeof(*large));

        if (!large)
                return -ENOMEM;

        large->work = (Work) { .run = run_large, .done = large_done, .drop = large_drop };
        large->call = call;
        large->frame = frame;
        workers_submit(call->control->registry->services.workers, WORK_PARSE, &large->work);
        return 0;
}

void call_run(Peer *peer, struct evbuffer *frame) {
        _cleanup_(user_error_deinit) UserError error = {};
        Call *call = call_new(peer);
        int r;

        if (!call) {
                evbuffer_free(frame);
                peer_refuse(peer, "org.reqd.Busy", "out of memory", NULL);
                return;
        }

        peer->call = call;
        if (evbuffer_get_length(frame) > VARLINK_CALL_MAX) {
                r = parse_later(call, frame);
                if (!r)
                        return;
        } else
                r = parse(frame, &call->varlink, &error);

        evbuffer_free(frame);
        if (r)
                refuse_frame(call, &error);
        else
                begin(call);
}

void call_resume(Call *call) {
        call->parked = false;
        command_run(call);
}

void call_peer_left(Call *call) {
        call->peer = NULL;
        if (call->parked)
                call_free(call);
        else if (call->gone)
                call->gone(call);
}

const JsonValue *call_parameter(const Call *call, const char *name) {
        const JsonValue *value = json_get(call->varlink.parameters, name);

        return value && json_type(value) != JSON_NULL ? value : NULL;
}

const char *call_string(const Call *call, const char *name) {
        const JsonValue *value = call_parameter(call, name);

        return value ? json_string(value) : NULL;
}

JsonWriter *call_begin(Call *call) {
        varlink_reply_begin(call->writer);
        return call->writer;
}

static void send_reply(Call *call) {
        if (call->peer && !call->varlink.oneway)
                peer_send(call->peer, call->writer);
}

void call_reply(Call *call, bool continues) {
        varlink_reply_end(call->writer, continues);
        send_reply(call);
        if (!continues)
                call_free(call);
}

void call_end(Call *call) {
        send_reply(call);
        call_free(call);
}

void call_error(Call *call, const char *name, const UserError *error) {
        varlink_error_begin(call->writer, name);
        json_member_string(call->writer, "where", error->where);
        json_member_string(call->writer, "message", error->message ? error->message : "out of memory");
        json_member_string(call->writer, "hint", error->hint);
        varlink_error_end(call->writer);
        call_end(call);
}

void call_fail(Call *call, int r, const UserError *error) {
        for (size_t i = 0; i < ELEMENTSOF(errors); i++)
                if (errors[i].r == r) {
                        call_error(call, errors[i].error, error);
                        return;
                }

        call_error(call, "org.reqd.Busy", error);
}

size_t call_backlog(const Call *call) {
        return call->peer ? peer_backlog(call->peer) : 0;
}
