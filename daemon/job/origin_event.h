#pragma once

#include <stdint.h>

#include "daemon/http/http_origin.h"

/*
 * What the journal is told of origins: that one is left alone, answers again, or asked for a long wait. With
 * thousands of origins that would be thousands of entries, so only so many are written in ten seconds, and how
 * many were not is told with the next one. It starts zeroed. Thread: the loop's; nothing here blocks or fails.
 */

#define ORIGIN_EVENTS_MAX 10 /* in ten seconds, of all jobs */

typedef struct OriginEvents OriginEvents;

struct OriginEvents {
        uint64_t since_us;
        unsigned n; /* written since then */
        uint64_t left_out;
};

/* An answer has changed the breaker. */
void origin_event_breaker(OriginEvents *sent, const HttpOrigin *origin, BreakerTurn turn, uint64_t now_us);

/* An answer has closed the gate, which was open. @wait_us: for how long; short ones are told by status alone. */
void origin_event_held(OriginEvents *sent, const HttpOrigin *origin, uint64_t wait_us, uint64_t now_us);
