/* A scripted HTTP server on 127.0.0.1. */

#include "tests/unit/http/server.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "tests/unit/unit.h"

#define LATEST_SIZE 65536
#define REPEAT_AT_ONCE 64

typedef struct Connection Connection;

struct Connection {
        Server *server;
        struct bufferevent *stream;
        const ServerRoute *latest; /* what was answered last, or NULL */
        LIST_ENTRY(Connection) link;
};

struct Server {
        struct event_base *base;
        struct evconnlistener *listener;
        const ServerRoute *routes;
        const char *tls_answer;
        uint16_t port;
        unsigned connections;
        unsigned requests;
        unsigned open;
        LIST_HEAD(, Connection) clients;
        char latest[LATEST_SIZE];
};

static void connection_free(Connection *connection) {
        LIST_REMOVE(connection, link);
        connection->server->open--;
        bufferevent_free(connection->stream);
        free(connection);
}

static bool route_matches(const ServerRoute *route, const char *target, size_t len) {
        size_t wanted = strlen(route->path);

        if (wanted > 0 && route->path[wanted - 1] == '*')
                return len >= wanted - 1 && !strncmp(route->path, target, wanted - 1);

        return len == wanted && !strncmp(route->path, target, len);
}

static const ServerRoute *find_route(const Server *server, const char *head) {
        static const ServerRoute missing = { .answer =
                                                     "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n" };
        const char *target = strchr(head, ' ');
        size_t len;

        assert_non_null(target);
        target++;
        len = strcspn(target, " \r\n");
        for (const ServerRoute *route = server->routes; route->path; route++)
                if (route_matches(route, target, len))
                        return route;

        return &missing;
}

static void send_answer(Connection *connection, const ServerRoute *route) {
        struct evbuffer *output = bufferevent_get_output(connection->stream);
        const char *rest = route->answer, *mark;

        if (route->answer_len > 0) {
                evbuffer_add(output, route->answer, route->answer_len);
                return;
        }

        while ((mark = strstr(rest, "%P"))) {
                evbuffer_add(output, rest, (size_t)(mark - rest));
                evbuffer_add_printf(output, "%u", connection->server->port);
                rest = mark + 2;
        }
        evbuffer_add(output, rest, strlen(rest));
}

/* Returns false once the connection is gone. */
static bool answer(Connection *connection, const char *head) {
        const ServerRoute *before = connection->latest;

        connection->server->requests++;
        connection->latest = find_route(connection->server, head);
        if (before && before->then == SERVER_CLOSE_NEXT) {
                connection_free(connection);
                return false;
        }

        if (connection->latest->answer)
                send_answer(connection, connection->latest);
        else if (connection->latest->then == SERVER_CLOSE) {
                connection_free(connection);
                return false;
        }

        return true;
}

static size_t content_length(const char *head) {
        const char *value = strcasestr(head, "\r\nContent-Length:");

        return value ? strtoul(value + strlen("\r\nContent-Length:"), NULL, 10) : 0;
}

/* Takes one whole request out of @input into server->latest; false where there is none yet. */
static bool take_request(Server *server, struct evbuffer *input) {
        struct evbuffer_ptr end = evbuffer_search(input, "\r\n\r\n", 4, NULL);
        size_t head_len, len;

        if (end.pos < 0)
                return false;

        head_len = (size_t)end.pos + 4;
        assert_true(head_len < LATEST_SIZE);
        evbuffer_copyout(input, server->latest, head_len);
        server->latest[head_len] = '\0';

        len = head_len + content_length(server->latest);
        if (evbuffer_get_length(input) < len)
                return false;

        evbuffer_remove(input, server->latest, len < LATEST_SIZE ? len : LATEST_SIZE - 1);
        server->latest[len < LATEST_SIZE ? len : LATEST_SIZE - 1] = '\0';
        if (len >= LATEST_SIZE)
                evbuffer_drain(input, len - (LATEST_SIZE - 1));
        return true;
}

static void on_read(struct bufferevent *stream, void *userdata) {
        Connection *connection = userdata;
        Server *server = connection->server;
        struct evbuffer *input = bufferevent_get_input(stream);
        unsigned char first = 0;

        if (evbuffer_copyout(input, &first, 1) == 1 && first == 0x16) {
                if (!server->tls_answer) {
                        connection_free(connection);
                        return;
                }
                evbuffer_drain(input, evbuffer_get_length(input));
                bufferevent_write(stream, server->tls_answer, strlen(server->tls_answer));
                return;
        }

        while (take_request(server, input))
                if (!answer(connection, server->latest))
                        return;
}

static void on_written(struct bufferevent *stream, void *userdata) {
        Connection *connection = userdata;
        const ServerRoute *route = connection->latest;

        if (!route)
                return;

        if (route->then == SERVER_CLOSE)
                connection_free(connection);
        else if (route->then == SERVER_REPEAT)
                for (unsigned i = 0; i < REPEAT_AT_ONCE; i++)
                        bufferevent_write(stream, route->again,
                                route->again_len > 0 ? route->again_len : strlen(route->again));
}

static void on_event(struct bufferevent *stream, short what, void *userdata) {
        if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
                connection_free(userdata);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address, int len,
        void *userdata) {
        Server *server = userdata;
        Connection *connection = calloc(1, sizeof(*connection));

        assert_non_null(connection);
        server->connections++;
        server->open++;
        connection->server = server;
        connection->stream = bufferevent_socket_new(server->base, fd, BEV_OPT_CLOSE_ON_FREE);
        assert_non_null(connection->stream);
        LIST_INSERT_HEAD(&server->clients, connection, link);
        bufferevent_setcb(connection->stream, on_read, on_written, on_event, connection);
        bufferevent_enable(connection->stream, EV_READ | EV_WRITE);
}

Server *server_new(struct event_base *base, const ServerRoute *routes) {
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t len = sizeof(address);
        Server *server = calloc(1, sizeof(*server));

        assert_non_null(server);
        server->base = base;
        server->routes = routes;
        LIST_INIT(&server->clients);
        server->listener = evconnlistener_new_bind(base, on_accept, server,
                LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE, 1024, (struct sockaddr *)&address, (int)len);
        assert_non_null(server->listener);
        assert_int_equal(
                getsockname(evconnlistener_get_fd(server->listener), (struct sockaddr *)&address, &len), 0);
        server->port = ntohs(address.sin_port);
        return server;
}

Server *server_free(Server *server) {
        if (!server)
                return NULL;

        while (!LIST_EMPTY(&server->clients))
                connection_free(LIST_FIRST(&server->clients));
        evconnlistener_free(server->listener);
        free(server);
        return NULL;
}

uint16_t server_port(const Server *server) {
        return server->port;
}

unsigned server_connections(const Server *server) {
        return server->connections;
}

unsigned server_requests(const Server *server) {
        return server->requests;
}

unsigned server_open(const Server *server) {
        return server->open;
}

const char *server_latest(const Server *server) {
        return server->latest;
}

void server_answer_tls(Server *server, const char *answer) {
        server->tls_answer = answer;
}
