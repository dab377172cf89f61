#pragma once

#include <stdint.h>

#include "daemon/policy/rate.h"

/*
 * Whether a job may start another request now: the one face of all that sets its pace (requests in flight,
 * requests a second). Pure: the caller passes `now_us` (CLOCK_MONOTONIC, microseconds), nothing fails. It
 * starts zeroed. Thread: the loop's.
 */

typedef struct Pacing Pacing;

/* What keeps a job from going faster right now; the names are CONTRACT.md's `limited_by`. */
typedef enum LimitedBy {
        LIMITED_BY_NOTHING, /* a request may start */
        LIMITED_BY_CONCURRENCY,
        LIMITED_BY_RATE,
        LIMITED_BY_ORIGIN,
        LIMITED_BY_MEMORY,
        LIMITED_BY_SOURCE,
        LIMITED_BY_STORE,
        LIMITED_BY_IDLE,
        _LIMITED_BY_N,
} LimitedBy;

struct Pacing {
        uint32_t concurrency;
        uint32_t in_flight;
        Rate rate;
};

/* "rate"; static. LIMITED_BY_NOTHING is "concurrency" as well: the next request is about to start. */
const char *limited_by_name(LimitedBy limited_by);

/* @rate: requests a second, 0: no limit. Holds at once; what is in flight beyond it ends by itself. */
void pacing_set(Pacing *pacing, uint32_t concurrency, double rate, uint64_t now_us);

/* LIMITED_BY_NOTHING, _CONCURRENCY (until a request ends), or _RATE: then @ret_wait_us is not 0. */
LimitedBy pacing_check(const Pacing *pacing, uint64_t now_us, uint64_t *ret_wait_us);

void pacing_begin(Pacing *pacing, uint64_t now_us); /* a request starts */
void pacing_end(Pacing *pacing);                    /* it ended */
