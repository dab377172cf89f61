#pragma once

#include <event2/event.h>

#include "daemon/http/engine.h"
#include "tests/unit/http/server.h"

/*
 * An engine and a scripted server on one event base, and exchanges between them run to their end.
 * Everything asserts where it fails.
 */

typedef struct Answer Answer;
typedef struct Fixture Fixture;

/* A copy of an HttpResponse that outlives the callback. */
struct Answer {
        HttpResponse response; /* its strings are those below */
        char *body;
        char retry_after[64];
        char rate_limit[64], rate_remaining[64], rate_reset[64];
        char error[512];
};

struct Fixture {
        struct event_base *base;
        Server *server;
        Egress *egress; /* loopback addresses are allowed */
        Engine *engine;
        unsigned n_done;
        Answer answer; /* the latest */
};

/*
 * @options: NULL for 100 in flight. Without egress rules it gets the fixture's, and "%P" in its proxy is the
 * server's port.
 */
void fixture_init(Fixture *fixture, const ServerRoute *routes, const EngineOptions *options);
void fixture_deinit(Fixture *fixture);

/*
 * A GET of @url that follows five redirects and keeps 1 MiB, as a start for other requests. @url may be a
 * path on the server, and "%P" in it is the server's port.
 */
HttpRequest fixture_request(const char *url);

/* Begins one exchange, whose answer replaces `answer` when it comes. */
void fixture_start(Fixture *fixture, const HttpRequest *request);

/* Lets the loop run until @n exchanges have ended since the fixture began. */
void fixture_run(Fixture *fixture, unsigned n);

/* Both. The answer is valid until the next one. */
const HttpResponse *fixture_exchange(Fixture *fixture, const HttpRequest *request);

const HttpResponse *fixture_get(Fixture *fixture, const char *url);

/* A new string: @url as fixture_request() describes it, spelled out. */
char *fixture_url(const Fixture *fixture, const char *url);
