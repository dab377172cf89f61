#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/alloc.h"
#include "common/error.h"
#include "daemon/http/egress.h"
#include "daemon/http/http.h"

/*
 * Carries out many HTTP exchanges at once on one event base: a set of small curl multis (shards), pooled
 * easy handles, one shared DNS cache. It has no queue: what is started runs at once, and whoever starts
 * decides when. Thread: the loop's, all of it; never blocks.
 */

struct event_base;

typedef struct Engine Engine;
typedef struct EngineOptions EngineOptions;
typedef struct HttpOrigin HttpOrigin;

struct EngineOptions {
        uint32_t max_in_flight; /* the most exchanges at once; sizes the shards */
        uint32_t max_idle;      /* idle connections kept open, of all origins; a few more if it is small */
        const char *ca_file;    /* NULL: the system's */
        const char *user_agent;
        const char *proxy;    /* a URL that proxy_parse() takes, or NULL; the environment's are never used */
        const Egress *egress; /* outlives the engine */
};

/*
 * Called once for each exchange, from the event loop and never from within engine_start(). @response and
 * what it points to are valid during the call; the callback may start further exchanges and drop origins.
 */
typedef void (*http_done_fn)(const HttpResponse *response, void *userdata);

/*
 * @options: copied, but for what outlives the engine. The process ignores SIGPIPE. Events get priority 1
 * where @base has more than one.
 * Returns 0, -EINVAL for a proxy that is no such URL, or -ENOMEM.
 */
int engine_new(struct event_base *base, const EngineOptions *options, Engine **ret_engine);

/*
 * Ends every exchange under way without calling back. Accepts NULL. Origins still held become invalid. Not to
 * be called from within http_done_fn.
 */
Engine *engine_free(Engine *engine);
DEFINE_FREEP(Engine, engine);

enum {
        _ENGINE_E_SUCCESS,

        ENGINE_E_BAD_URL, /* not http or https, no host, a user or password inside, or no URL at all */
};

/*
 * The origin (scheme, host, port) of @url, shared by all that name it; held until http_origin_unref().
 * Returns 0, ENGINE_E_BAD_URL with @error's message filled, or -ENOMEM.
 */
int engine_origin(Engine *engine, const char *url, HttpOrigin **ret_origin, UserError *error);
HttpOrigin *http_origin_unref(HttpOrigin *origin); /* accepts NULL */

/* "https://api.example.com:8443"; valid while the origin is held. */
const char *http_origin_name(const HttpOrigin *origin);

/*
 * Whether an exchange may start now as far as the name goes (see http_origin_check() for the rest). The first
 * one towards a host whose name is not resolved yet, or not since a minute, goes alone until it is, and few such
 * hosts at once, as each lookup costs a thread. Only engine_start() makes it false; the end of a lookup makes it
 * true, at the latest when an exchange ends.
 */
bool http_origin_ready(const HttpOrigin *origin);

/*
 * Starts an exchange. @origin must be that of the URL, held by the caller, and ready.
 * Returns 0 and calls @done later, or a negative code and never calls it: -ENOMEM, or -EBUSY above
 * `max_in_flight`.
 */
int engine_start(
        Engine *engine, HttpOrigin *origin, const HttpRequest *request, http_done_fn done, void *userdata);

uint32_t engine_in_flight(const Engine *engine);

/* Has ready what so many exchanges at once need, without letting them start. Returns 0 or -ENOMEM. */
int engine_reserve(Engine *engine, uint32_t max_in_flight);

/* Changes `max_in_flight` to what was reserved, or to less; what runs beyond it goes on. */
void engine_set_max_in_flight(Engine *engine, uint32_t max_in_flight);

/* @ended is called whenever a name's lookup has ended: some HTTP_ORIGIN_CROWDED may be ready. NULL: nobody. */
void engine_on_lookup_ended(Engine *engine, void (*ended)(void *userdata), void *userdata);

/*
 * Takes the body out of @response, so that it need not be copied: malloc'ed, NULL if there is none. During
 * http_done_fn only; `body` and `body_len` stay as they are.
 */
char *http_response_take_body(const HttpResponse *response);
