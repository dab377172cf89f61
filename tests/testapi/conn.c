/* One connection, from its first request to its end. */

#include "tests/testapi/conn.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/testapi/server.h"

#define CONN_READ_SIZE ((size_t)2 << 10)
#define CONN_AHEAD_MAX ((size_t)64 << 10) /* of pipelined requests while one is being answered */
#define CONN_PIECES_MAX 64
#define CONN_SENDS_MAX 16 /* before other connections get their turn */
#define CONN_DRIP_US 1000000
#define CONN_LINGER_US 1000000

typedef enum {
        CONN_READING, /* a request is coming in, or none is there */
        CONN_WAITING, /* the answer is ready, its time has not come, or never will */
        CONN_SENDING,
        CONN_LINGERING, /* refused: reads on without looking, so that the refusal arrives before a reset */
        CONN_CLOSED,    /* to be freed by whoever called into this file's functions */
} ConnState;

struct Conn {
        LIST_ENTRY(Conn) entry;
        Server *server;
        int fd;
        ConnState state;
        bool at_end;    /* the client will send no more */
        bool held_back; /* it sends faster than it is answered: not reading */
        bool continued; /* 100 was sent for the present request */
        bool refused;
        struct event readable;
        struct event writable;
        struct event timer;
        Bytes in;
        size_t in_at; /* where the present request begins in @in */
        HttpRequest request;
        ApiAnswer answer;
        Response out;
};

static void conn_set_timer(Conn *conn, uint64_t us, bool shared) {
        struct timeval room;

        if (event_add(&conn->timer, delays_timeout(&conn->server->delays, us, shared, &room)))
                conn->state = CONN_CLOSED;
}

/* A close that the client sees as a reset, also when everything sent so far was read. */
static void conn_reset(Conn *conn) {
        struct linger at_once = { .l_onoff = 1 };

        (void)setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
        conn->state = CONN_CLOSED;
}

/* All of the answer is out that is to go out. */
static void conn_finish(Conn *conn) {
        bool inside = conn->answer.close == BEHAVIOUR_CLOSE_INSIDE;

        counters_end(&conn->server->api.counters, &conn->answer.counted, inside ? 0 : conn->answer.status);
        response_clear(&conn->out);

        if (inside) {
                conn_reset(conn);
        } else if (conn->refused) {
                conn->state = CONN_LINGERING;
                (void)shutdown(conn->fd, SHUT_WR);
                conn_set_timer(conn, CONN_LINGER_US, true);
        } else if (conn->answer.keep_alive && !conn->at_end) {
                conn->state = CONN_READING;
        } else {
                conn->state = CONN_CLOSED;
        }
}

/* Sends up to `until`. Returns 0 there, -EAGAIN also when others shall have their turn, or another code. */
static int conn_send(Conn *conn) {
        struct iovec pieces[CONN_PIECES_MAX];

        for (unsigned i = 0; i < CONN_SENDS_MAX; i++) {
                struct msghdr message = { .msg_iov = pieces };
                int n = response_pieces(&conn->out, pieces, CONN_PIECES_MAX);
                ssize_t sent;

                if (n == 0)
                        return 0;

                message.msg_iovlen = (size_t)n;
                sent = sendmsg(conn->fd, &message, MSG_NOSIGNAL);
                if (sent < 0 && errno != EINTR)
                        return -errno;
                if (sent > 0)
                        conn->out.sent += (uint64_t)sent;
        }

        return response_pieces(&conn->out, pieces, 1) == 0 ? 0 : -EAGAIN;
}

/* What comes after the part just sent: the next drop, the next part of a stream, or the end. */
static void conn_sent(Conn *conn) {
        uint64_t length = response_length(&conn->out);

        if (conn->answer.streams) {
                response_clear(&conn->out);
                if (api_continue(&conn->server->api, &conn->answer, &conn->out))
                        conn->state = CONN_CLOSED;
                else if (event_add(&conn->writable, NULL))
                        conn->state = CONN_CLOSED;
        } else if (conn->answer.drip > 0 && conn->out.until < length) {
                conn->out.until += conn->answer.drip;
                if (conn->out.until > length)
                        conn->out.until = length;
                conn_set_timer(conn, CONN_DRIP_US, true);
        } else {
                conn_finish(conn);
        }
}

static void conn_flush(Conn *conn) {
        int r;

        conn->state = CONN_SENDING;
        r = conn_send(conn);
        if (!r)
                conn_sent(conn);
        else if (r != -EAGAIN || event_add(&conn->writable, NULL))
                conn->state = CONN_CLOSED;
}

/* Where to stop first: reset inside at half the body, drip behind the head. */
static void conn_limit(Conn *conn) {
        uint64_t head = conn->out.head_len, body = response_length(&conn->out) - head;

        if (conn->answer.close == BEHAVIOUR_CLOSE_INSIDE) {
                conn->out.until = head + body / 2;
                conn->answer.drip = 0;
        } else if (conn->answer.drip > 0) {
                conn->out.until = head;
        }
}

/* The delay is over. */
static void conn_answer(Conn *conn) {
        if (conn->answer.close == BEHAVIOUR_CLOSE_BEFORE)
                conn->state = CONN_CLOSED;
        else
                conn_flush(conn);
}

/* A request is complete, or (@error) will never be. */
static void conn_begin(Conn *conn, int error) {
        Api *api = &conn->server->api;
        int r;

        if (error)
                r = api_refuse(api, error, &conn->out, &conn->answer);
        else
                r = api_answer(api, &conn->request, conn->in.data + conn->in_at, &conn->out, &conn->answer);
        if (r) {
                conn->state = CONN_CLOSED;
                return;
        }

        conn->refused = error != 0;
        conn->in_at = error ? conn->in.len : conn->in_at + conn->request.at;
        conn->request = HTTP_REQUEST_INIT;
        conn->continued = false;
        conn_limit(conn);

        if (conn->answer.hang || conn->answer.delay_us > 0) {
                conn->state = CONN_WAITING;
                if (!conn->answer.hang)
                        conn_set_timer(conn, conn->answer.delay_us, conn->answer.shared_delay);
        } else {
                conn_answer(conn);
        }
}

/* Clients with a large body wait for this before they send it. */
static void conn_continue(Conn *conn) {
        static const char line[] = "HTTP/1.1 100 Continue\r\n\r\n";

        if (conn->continued || !conn->request.expects_continue || conn->request.step == HTTP_STEP_HEAD ||
                conn->request.http10)
                return;

        conn->continued = true;
        if (send(conn->fd, line, sizeof(line) - 1, MSG_NOSIGNAL) != sizeof(line) - 1)
                conn->state = CONN_CLOSED;
}

/* Goes on after anything happened: answers what is there, then decides about reading, or ends. */
static void conn_settle(Conn *conn) {
        while (conn->state == CONN_READING && conn->in.len > conn->in_at) {
                int r = http_request_read(
                        &conn->request, conn->in.data + conn->in_at, conn->in.len - conn->in_at);

                if (r == HTTP_REQUEST_E_PARTIAL) {
                        conn_continue(conn);
                        break;
                }
                conn_begin(conn, r);
        }

        if (conn->in.len == conn->in_at) {
                bytes_clear(&conn->in, CONN_READ_SIZE);
                conn->in_at = 0;
        }

        if (conn->held_back && conn->state == CONN_READING) {
                conn->held_back = false;
                if (event_add(&conn->readable, NULL))
                        conn->state = CONN_CLOSED;
        }

        if (conn->state == CONN_CLOSED)
                conn_free(conn);
}

static void conn_hold_back(Conn *conn) {
        conn->held_back = true;
        (void)event_del(&conn->readable);
}

/* The client sends no more: what is on its way out still goes, all else is over. */
static void conn_end(Conn *conn) {
        conn->at_end = true;
        if (conn->state == CONN_SENDING)
                conn_hold_back(conn);
        else
                conn->state = CONN_CLOSED;
}

static void on_readable(evutil_socket_t fd, _unused_ short what, void *userdata) {
        Conn *conn = userdata;
        ssize_t n;
        char *room;

        if (conn->in_at > 0) {
                memmove(conn->in.data, conn->in.data + conn->in_at, conn->in.len - conn->in_at);
                conn->in.len -= conn->in_at;
                conn->in_at = 0;
        }

        room = bytes_reserve(&conn->in, CONN_READ_SIZE);
        if (!room) {
                conn_free(conn);
                return;
        }

        n = recv(fd, room, conn->in.size - conn->in.len, 0);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return;

        if (n < 0)
                conn->state = CONN_CLOSED;
        else if (n == 0)
                conn_end(conn);
        else if (conn->state != CONN_LINGERING)
                conn->in.len += (size_t)n;

        if (conn->state != CONN_READING && conn->in.len > CONN_AHEAD_MAX)
                conn_hold_back(conn);

        conn_settle(conn);
}

static void on_writable(_unused_ evutil_socket_t fd, _unused_ short what, void *userdata) {
        Conn *conn = userdata;

        conn_flush(conn);
        conn_settle(conn);
}

static void on_timer(_unused_ evutil_socket_t fd, _unused_ short what, void *userdata) {
        Conn *conn = userdata;

        if (conn->state == CONN_WAITING)
                conn_answer(conn);
        else if (conn->state == CONN_SENDING)
                conn_flush(conn);
        else
                conn->state = CONN_CLOSED;

        conn_settle(conn);
}

int conn_new(Server *server, int fd) {
        Conn *conn;

        conn = calloc(1, sizeof(*conn));
        if (!conn) {
                close(fd);
                return -ENOMEM;
        }

        conn->server = server;
        conn->fd = fd;
        event_assign(&conn->readable, server->base, fd, EV_READ | EV_PERSIST, on_readable, conn);
        event_assign(&conn->writable, server->base, fd, EV_WRITE, on_writable, conn);
        evtimer_assign(&conn->timer, server->base, on_timer, conn);

        LIST_INSERT_HEAD(&server->connections, conn, entry);
        server->api.counters.connections++;
        server->api.counters.accepted++;

        if (event_add(&conn->readable, NULL)) {
                conn_free(conn);
                return -ENOMEM;
        }

        return 0;
}

void conn_free(Conn *conn) {
        Counters *counters = &conn->server->api.counters;

        counters_end(counters, &conn->answer.counted, 0);
        counters->connections--;
        LIST_REMOVE(conn, entry);

        (void)event_del(&conn->readable);
        (void)event_del(&conn->writable);
        (void)event_del(&conn->timer);
        bytes_deinit(&conn->in);
        response_deinit(&conn->out);
        close(conn->fd);
        free(conn);
}
