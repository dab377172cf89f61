/* Accepts connections and ends on a signal. */

#include "tests/testapi/server.h"

#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <unistd.h>

#define SERVER_BACKLOG 4096
#define SERVER_ACCEPTS_MAX 128 /* before other connections get their turn */

static const struct timeval accept_pause = { .tv_usec = 100000 };

static void on_acceptable(evutil_socket_t fd, _unused_ short what, void *userdata) {
        Server *server = userdata;

        for (unsigned i = 0; i < SERVER_ACCEPTS_MAX; i++) {
                int client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

                if (client >= 0) {
                        (void)conn_new(server, client);
                        continue;
                }

                /* The socket stays readable when no descriptor is left: without a pause this would spin. */
                if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
                        (void)event_del(server->acceptable);
                        (void)event_add(server->accept_again, &accept_pause);
                }
                if (errno != EINTR && errno != ECONNABORTED)
                        return;
        }
}

static void on_accept_again(_unused_ evutil_socket_t fd, _unused_ short what, void *userdata) {
        Server *server = userdata;

        (void)event_add(server->acceptable, NULL);
}

static void on_signal(_unused_ evutil_socket_t number, _unused_ short what, void *userdata) {
        Server *server = userdata;

        (void)event_base_loopbreak(server->base);
}

static int server_listen(Server *server, const struct sockaddr *address, socklen_t size) {
        struct sockaddr_storage bound;
        socklen_t bound_size = sizeof(bound);
        int one = 1;

        server->listen_fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (server->listen_fd < 0)
                return -errno;

        /* Accepted sockets inherit TCP_NODELAY, which saves a call for each of them. */
        if (setsockopt(server->listen_fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
                setsockopt(server->listen_fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) < 0 ||
                bind(server->listen_fd, address, size) < 0 || listen(server->listen_fd, SERVER_BACKLOG) < 0 ||
                getsockname(server->listen_fd, (struct sockaddr *)&bound, &bound_size) < 0)
                return -errno;

        server->port = ntohs(bound.ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)&bound)->sin6_port
                                                         : ((const struct sockaddr_in *)&bound)->sin_port);
        return 0;
}

/*
 * Tests measure delays, so a delay must never end early: the default clock is up to 4 ms coarse, and
 * a time cached for a whole round of the loop is as old as that round is long.
 */
static struct event_base *base_new(void) {
        struct event_config *config;
        struct event_base *base = NULL;

        config = event_config_new();
        if (!config)
                return NULL;

        if (!event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER | EVENT_BASE_FLAG_NO_CACHE_TIME))
                base = event_base_new_with_config(config);

        event_config_free(config);
        return base;
}

static int server_add_events(Server *server) {
        server->acceptable =
                event_new(server->base, server->listen_fd, EV_READ | EV_PERSIST, on_acceptable, server);
        server->accept_again = evtimer_new(server->base, on_accept_again, server);
        server->terminate = evsignal_new(server->base, SIGTERM, on_signal, server);
        server->interrupt = evsignal_new(server->base, SIGINT, on_signal, server);
        if (!server->acceptable || !server->accept_again || !server->terminate || !server->interrupt)
                return -ENOMEM;

        if (event_add(server->acceptable, NULL) || event_add(server->terminate, NULL) ||
                event_add(server->interrupt, NULL))
                return -ENOMEM;

        return 0;
}

int server_init(Server *server, const struct sockaddr *address, socklen_t size, const Behaviour *defaults) {
        int r;

        *server = (Server) { .listen_fd = -1 };
        LIST_INIT(&server->connections);

        r = api_init(&server->api, defaults);
        if (r)
                return r;

        server->base = base_new();
        if (!server->base)
                return -ENOMEM;

        server->delays.base = server->base;
        r = server_listen(server, address, size);
        return r ? r : server_add_events(server);
}

int server_run(Server *server) {
        return event_base_dispatch(server->base) < 0 ? -EIO : 0;
}

static void event_freep(struct event **event) {
        if (*event)
                event_free(*event);

        *event = NULL;
}

void server_deinit(Server *server) {
        while (!LIST_EMPTY(&server->connections))
                conn_free(LIST_FIRST(&server->connections));

        event_freep(&server->acceptable);
        event_freep(&server->accept_again);
        event_freep(&server->terminate);
        event_freep(&server->interrupt);
        if (server->base)
                event_base_free(server->base);
        if (server->listen_fd >= 0)
                close(server->listen_fd);

        api_deinit(&server->api);
        server->base = NULL;
        server->listen_fd = -1;
}
