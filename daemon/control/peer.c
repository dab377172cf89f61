/* One connection: frames in, one call at a time, replies out. */

#include "daemon/control/peer.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "daemon/control/call.h"
#include "daemon/control/listener.h"

/* An Import names its method this early, or it may not be larger than other calls. */
#define IMPORT_METHOD_WITHIN 256u
#define LARGE_PEERS_MAX 4 /* that may send calls above VARLINK_CALL_MAX at the same time: memory is bounded */
#define HASTY_MAX 32      /* calls in a row that go before everything else */
#define BACKLOG_MAX (1024u * 1024) /* who does not read its replies gets no further calls answered */
#define DEAD_AFTER_S 30            /* a peer that takes nothing of what was written for so long is gone */

static const struct timeval dead_after = { .tv_sec = DEAD_AFTER_S };

/*
 * Looks at the input later, one call a turn, and when others have had theirs: clients go before requests, so
 * that load never keeps them waiting, and who sends call upon call would let no request come to its turn.
 */
static void look_later(Peer *peer) {
        event_active(peer->look, EV_READ, 0);
}

/*
 * Reads on only where there is room. Whoever leaves a full input with libevent (2.1.12) is called back again and
 * again, before anything of a lower priority.
 */
static void read_while_room(Peer *peer) {
        bool room = !peer->closing && evbuffer_get_length(bufferevent_get_input(peer->stream)) <= peer->most;
        bool reads = bufferevent_get_enabled(peer->stream) & EV_READ;

        if (room && !reads)
                bufferevent_enable(peer->stream, EV_READ);
        else if (!room && reads)
                bufferevent_disable(peer->stream, EV_READ);
}

static void set_most(Peer *peer, size_t most) {
        peer->most = most;
        bufferevent_setwatermark(peer->stream, EV_READ, 0, most + 1);
}

/* Whether the peer may send a large call now; otherwise it waits until another one has done so. */
static bool take_large(Peer *peer) {
        Control *control = peer->control;

        if (peer->large)
                return true;
        if (control->n_large == LARGE_PEERS_MAX)
                return false;

        peer->large = true;
        control->n_large++;
        bufferevent_set_timeouts(peer->stream, &dead_after, &dead_after); /* no half a call for ever */
        return true;
}

static void give_large(Peer *peer) {
        Control *control = peer->control;
        Peer *other;

        if (!peer->large)
                return;

        peer->large = false;
        control->n_large--;
        bufferevent_set_timeouts(peer->stream, NULL, &dead_after);
        set_most(peer, VARLINK_CALL_MAX);
        TAILQ_FOREACH(other, &control->peers, entry)
                if (evbuffer_get_length(bufferevent_get_input(other->stream)) > VARLINK_CALL_MAX)
                        look_later(other);
}

/* libevent would close the descriptor some time later. */
static void close_stream(Peer *peer) {
        int fd = bufferevent_getfd(peer->stream);

        bufferevent_setfd(peer->stream, -1);
        listener_close_client(peer->control->listener, fd);
        bufferevent_free(peer->stream);
}

void peer_flush(Peer *peer) {
        struct evbuffer *output = bufferevent_get_output(peer->stream);

        evbuffer_unfreeze(output, 1); /* from its front only the stream itself may take */
        (void)evbuffer_write(output, bufferevent_getfd(peer->stream));
        evbuffer_freeze(output, 1);
}

void peer_free(Peer *peer) {
        Control *control = peer->control;
        Call *call = peer->call;

        TAILQ_REMOVE(&control->peers, peer, entry);
        control->n_peers--;
        give_large(peer);
        event_free(peer->look);
        close_stream(peer);
        free(peer);
        if (call)
                call_peer_left(call);
}

/* The connection ends once everything is written and the call under way is answered. */
static void close_when_written(Peer *peer) {
        peer->closing = true;
        bufferevent_disable(peer->stream, EV_READ);
        bufferevent_trigger(peer->stream, EV_WRITE, BEV_TRIG_IGNORE_WATERMARKS | BEV_TRIG_DEFER_CALLBACKS);
}

size_t peer_backlog(const Peer *peer) {
        return evbuffer_get_length(bufferevent_get_output(peer->stream));
}

void peer_send(Peer *peer, const JsonWriter *writer) {
        size_t len;
        const char *text = json_writer_text(writer, &len);

        if (text)
                bufferevent_write(peer->stream, text, len + 1); /* its NUL ends the frame */
        else
                close_when_written(peer); /* without memory there is nothing to say */
}

void peer_write_refusal(JsonWriter *writer, const char *name, const char *message, const char *hint) {
        varlink_error_begin(writer, name);
        json_member_null(writer, "where");
        json_member_string(writer, "message", message);
        json_member_string(writer, "hint", hint);
        varlink_error_end(writer);
}

void peer_refuse(Peer *peer, const char *name, const char *message, const char *hint) {
        _cleanup_(json_writer_freep) JsonWriter *writer = json_writer_new(false);

        if (writer) {
                peer_write_refusal(writer, name, message, hint);
                peer_send(peer, writer);
        }
        close_when_written(peer);
}

/* The most that the call may have which begins in the input. */
static size_t frame_max(struct evbuffer *input) {
        size_t len = evbuffer_get_length(input);
        const void *start;

        if (len > IMPORT_METHOD_WITHIN)
                len = IMPORT_METHOD_WITHIN;

        start = evbuffer_pullup(input, (ssize_t)len);
        if (start && memmem(start, len, "\"org.reqd.Import\"", strlen("\"org.reqd.Import\"")))
                return VARLINK_IMPORT_MAX;

        return VARLINK_CALL_MAX;
}

/* The length of the next frame with its NUL, 0 while not all of it is there. */
static size_t frame_length(Peer *peer, struct evbuffer *input) {
        struct evbuffer_ptr from, end;

        /*
         * What was searched before is not searched again, or a large frame in small pieces would cost its
         * square.
         */
        if (evbuffer_ptr_set(input, &from, peer->scanned, EVBUFFER_PTR_SET))
                return 0;

        end = evbuffer_search(input, "", 1, &from);
        if (end.pos < 0)
                peer->scanned = evbuffer_get_length(input);

        return end.pos < 0 ? 0 : (size_t)end.pos + 1;
}

/* Takes the frame out of the input, without copying much of it, and runs its call. */
static void run_frame(Peer *peer, struct evbuffer *input, size_t len) {
        struct evbuffer *frame = evbuffer_new();

        if (!frame || evbuffer_remove_buffer(input, frame, len) != (int)len) {
                if (frame)
                        evbuffer_free(frame);
                peer_refuse(peer, "org.reqd.Busy", "out of memory", NULL);
                return;
        }

        peer->scanned = 0;
        bufferevent_set_timeouts(peer->stream, NULL, &dead_after);
        call_run(peer, frame);
}

/* Not all of a frame is there. Whether there is room for the rest of it, sooner or later. */
static bool make_room(Peer *peer, struct evbuffer *input) {
        size_t most = frame_max(input), len = evbuffer_get_length(input);

        if (len > most)
                return false;
        if (len > VARLINK_CALL_MAX && !take_large(peer))
                return true; /* nothing more is read until it may be large */

        if (peer->large)
                set_most(peer, VARLINK_IMPORT_MAX);
        return true;
}

static void take_frame(Peer *peer) {
        struct evbuffer *input = bufferevent_get_input(peer->stream);
        size_t len;

        if (peer->call || peer->closing || peer_backlog(peer) > BACKLOG_MAX)
                return;

        len = frame_length(peer, input);
        if (len)
                run_frame(peer, input, len);
        else if (!make_room(peer, input))
                peer_refuse(peer, "org.reqd.InvalidInput", "the call is too large", NULL);
        else if (peer->ended)
                close_when_written(peer);
}

static void look(Peer *peer) {
        take_frame(peer);
        read_while_room(peer);
}

static void on_look(int fd, short what, void *userdata) {
        Peer *peer = userdata;

        peer->control->hasty = 0;
        look(peer);
}

static void on_read(struct bufferevent *stream, void *userdata) {
        Peer *peer = userdata;

        if (peer->control->hasty == HASTY_MAX) {
                look_later(peer);
                read_while_room(peer);
                return;
        }

        peer->control->hasty++;
        look(peer);
}

void peer_next(Peer *peer) {
        give_large(peer);
        look_later(peer);
        if (peer->closing)
                close_when_written(peer);
}

static void on_written(struct bufferevent *stream, void *userdata) {
        Peer *peer = userdata;

        if (peer_backlog(peer))
                return;
        if (peer->call && peer->call->drained)
                peer->call->drained(peer->call);
        else if (peer->closing && !peer->call)
                peer_free(peer);
        else
                look_later(peer);
}

/* Whether nobody is there to read: a client that has only closed its sending side is not meant. */
static bool has_left(const Peer *peer) {
        struct pollfd fd = { .fd = bufferevent_getfd(peer->stream) };

        return poll(&fd, 1, 0) < 0 || (fd.revents & (POLLHUP | POLLERR));
}

/* A client that has only closed its sending side (printf ... | nc -U) still gets all that it waits for. */
static void on_end(struct bufferevent *stream, short what, void *userdata) {
        Peer *peer = userdata;

        bool streams = peer->call && peer->call->gone;

        if ((what & (BEV_EVENT_ERROR | BEV_EVENT_TIMEOUT)) || (streams && has_left(peer))) {
                peer_free(peer);
                return;
        }

        peer->ended = true;
        look_later(peer);
}

int peer_new(Control *control, int fd, uid_t uid, pid_t pid, Peer **ret_peer) {
        Peer *peer = calloc(1, sizeof(*peer));

        if (!peer) {
                close(fd);
                return -ENOMEM;
        }

        peer->look = event_new(control->base, -1, 0, on_look, peer);
        if (peer->look)
                peer->stream = bufferevent_socket_new(
                        control->base, fd, BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
        if (!peer->stream) {
                if (peer->look)
                        event_free(peer->look);
                close(fd);
                free(peer);
                return -ENOMEM;
        }

        peer->control = control;
        peer->uid = uid;
        peer->pid = pid;
        TAILQ_INSERT_TAIL(&control->peers, peer, entry);
        control->n_peers++;
        bufferevent_priority_set(peer->stream, 0);
        event_priority_set(peer->look, 1); /* where the requests are */
        bufferevent_setcb(peer->stream, on_read, on_written, on_end, peer);
        bufferevent_set_timeouts(peer->stream, NULL, &dead_after);
        set_most(peer, VARLINK_CALL_MAX);
        bufferevent_enable(peer->stream, EV_READ | EV_WRITE);
        *ret_peer = peer;
        return 0;
}
