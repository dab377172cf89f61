#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "tests/testapi/api.h"
#include "tests/testapi/conn.h"
#include "tests/testapi/delays.h"

/*
 * The listening socket, the loop and the list of connections. One thread.
 */

struct event;
struct event_base;

struct Server {
        struct event_base *base;
        struct event *acceptable;
        struct event *accept_again; /* after descriptors ran out */
        struct event *terminate;
        struct event *interrupt;
        int listen_fd;
        uint16_t port;
        Api api;
        Delays delays;
        LIST_HEAD(, Conn) connections;
};

/*
 * Listens on @address, a loopback one. The server is ready for connections when this returns.
 * @defaults has no texts. Returns 0, -EADDRINUSE or another negative code; server_deinit() in any case.
 */
int server_init(Server *server, const struct sockaddr *address, socklen_t size, const Behaviour *defaults);

/* Serves until SIGTERM or SIGINT. Returns 0 or a negative code. */
int server_run(Server *server);

void server_deinit(Server *server);
