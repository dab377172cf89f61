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
#define BACKLOG_MAX (1024u * 1024) /* who does not read its replies gets no further calls answered */
#define DEAD_AFTER_S 30            /* a peer that takes nothing of what was written for so long is gone */

/* Looks at the input later, from the event loop: one call a turn, so that no peer holds up the others. */
static void look_later(Peer *peer) {
        bufferevent_trigger(peer->stream, EV_READ, BEV_TRIG_IGNORE_WATERMARKS | BEV_TRIG_DEFER_CALLBACKS);
}

/* libevent would close the descriptor some time later. */
static void close_stream(Peer *peer) {
        int fd = bufferevent_getfd(peer->stream);

        bufferevent_setfd(peer->stream, -1);
        listener_close_client(peer->control->listener, fd);
        bufferevent_free(peer->stream);
}

void peer_free(Peer *peer) {
        Control *control = peer->control;
        Call *call = peer->call;

        TAILQ_REMOVE(&control->peers, peer, entry);
        control->n_peers--;
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

/*
 * Takes the next whole frame out of the input: its text without the NUL, to be freed. NULL: not all of it is
 * there.
 */
static char *next_frame(Peer *peer, size_t *ret_len) {
        struct evbuffer *input = bufferevent_get_input(peer->stream);
        struct evbuffer_ptr from, end;
        char *frame;

        /*
         * What was searched before is not searched again, or a large frame in small pieces would cost its
         * square.
         */
        if (evbuffer_ptr_set(input, &from, peer->scanned, EVBUFFER_PTR_SET))
                return NULL;

        end = evbuffer_search(input, "", 1, &from);
        if (end.pos < 0) {
                peer->scanned = evbuffer_get_length(input);
                return NULL;
        }

        frame = malloc((size_t)end.pos + 1);
        if (!frame)
                return NULL;

        evbuffer_remove(input, frame, (size_t)end.pos + 1);
        peer->scanned = 0;
        *ret_len = (size_t)end.pos;
        return frame;
}

static void on_read(struct bufferevent *stream, void *userdata) {
        Peer *peer = userdata;
        struct evbuffer *input = bufferevent_get_input(stream);
        _cleanup_free_ char *frame = NULL;
        size_t len, most;

        if (peer->call || peer->closing || peer_backlog(peer) > BACKLOG_MAX)
                return;

        most = frame_max(input);
        bufferevent_setwatermark(stream, EV_READ, 0, most + 1);
        frame = next_frame(peer, &len);
        if (frame)
                call_run(peer, frame, len);
        else if (evbuffer_get_length(input) > most)
                peer_refuse(peer, "org.reqd.InvalidInput", "the call is too large", NULL);
        else if (peer->ended)
                close_when_written(peer);
}

void peer_next(Peer *peer) {
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
        struct timeval dead_after = { .tv_sec = DEAD_AFTER_S };
        Peer *peer = calloc(1, sizeof(*peer));

        if (!peer) {
                close(fd);
                return -ENOMEM;
        }

        peer->stream =
                bufferevent_socket_new(control->base, fd, BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
        if (!peer->stream) {
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
        bufferevent_setcb(peer->stream, on_read, on_written, on_end, peer);
        bufferevent_set_timeouts(peer->stream, NULL, &dead_after);
        bufferevent_setwatermark(peer->stream, EV_READ, 0, VARLINK_CALL_MAX + 1);
        bufferevent_enable(peer->stream, EV_READ | EV_WRITE);
        *ret_peer = peer;
        return 0;
}
