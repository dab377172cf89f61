#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/alloc.h"

/*
 * A scripted HTTP server on 127.0.0.1, on the test's own event base, for what no real server would do.
 *
 * The test gives a table: which bytes answer which path, and what happens to the connection then. It speaks
 * plain TCP, so that anything can be an answer.
 */

struct event_base;

typedef struct Server Server;
typedef struct ServerRoute ServerRoute;

typedef enum ServerThen {
        SERVER_KEEP,       /* wait for the next request */
        SERVER_CLOSE,      /* close once the answer is out */
        SERVER_REPEAT,     /* send `again` until the client goes away */
        SERVER_CLOSE_NEXT, /* answer, and close without a word when the next request comes */
} ServerThen;

struct ServerRoute {
        const char *path;   /* the request's target, or what it begins with where it ends in '*' */
        const char *answer; /* whole, from the status line on; "%P" is the server's port; NULL: say nothing */
        size_t answer_len;  /* 0: a string */
        ServerThen then;
        const char *again;
        size_t again_len; /* 0: a string */
};

/* @routes: until a row without a path; outlives the server. Asserts where it fails. */
Server *server_new(struct event_base *base, const ServerRoute *routes);
Server *server_free(Server *server);
DEFINE_FREEP(Server, server);

uint16_t server_port(const Server *server);

/* Since the server began. */
unsigned server_connections(const Server *server);
unsigned server_requests(const Server *server);

/* The latest request, head and body, as it came. */
const char *server_latest(const Server *server);

/* Connections open now, and the most of them at any time. */
unsigned server_open(const Server *server);

/* What is sent to a TLS ClientHello; NULL, and at first: the connection is closed. */
void server_answer_tls(Server *server, const char *answer);
