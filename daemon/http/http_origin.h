#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "daemon/http/engine.h"
#include "daemon/policy/origin_pace.h"

/*
 * Whether a request to an origin may start, and what its end means for the next ones: of all jobs, as they
 * share the origins. Callers hold the origin (engine_origin()). Thread: the loop's; nothing fails.
 */

typedef struct HttpOriginWatch HttpOriginWatch;

typedef enum HttpOriginReady {
        HTTP_ORIGIN_READY,
        HTTP_ORIGIN_CLOSED,  /* see origin_pace_check(), or its name is being looked up */
        HTTP_ORIGIN_CROWDED, /* its name is not known, and too many others are being looked up */
} HttpOriginReady;

/* Somebody who waits for an origin; the caller's, who fills `changed` and removes it before it goes. */
struct HttpOriginWatch {
        TAILQ_ENTRY(HttpOriginWatch) entry;
        void (*changed)(HttpOriginWatch *watch); /* worth checking again; may remove itself, and no other */
};

void http_origin_watch(HttpOrigin *origin, HttpOriginWatch *watch);
void http_origin_unwatch(HttpOrigin *origin, HttpOriginWatch *watch);

/* The first watch, or that behind @watch; NULL: none. */
HttpOriginWatch *http_origin_next_watch(const HttpOrigin *origin, const HttpOriginWatch *watch);

/*
 * Whether an exchange may start now; @retry: not the first of its document, @left: see retry_budget_wait_us().
 * @ret_wait_us: how long it will be closed, as far as is known; 0: a watch will be told.
 */
HttpOriginReady http_origin_check(
        const HttpOrigin *origin, bool retry, uint32_t left, uint64_t now_us, uint64_t *ret_wait_us);

/* An exchange has started, which http_origin_check() had just allowed. */
OriginTicket http_origin_begin(HttpOrigin *origin, bool retry, uint64_t now_us);

/*
 * It ended. @heed: its status is one that is retried, so its Retry-After holds for everybody. @chance: any 64
 * random bits. Calls the watches. Returns what this means for the breaker.
 */
BreakerTurn http_origin_end(HttpOrigin *origin, OriginTicket ticket, const HttpResponse *response, bool heed,
        uint64_t now_us, uint64_t chance);

/* What its answers have brought about, for status. */
const OriginPace *http_origin_pace(const HttpOrigin *origin);
