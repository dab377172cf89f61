#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/policy/breaker.h"
#include "daemon/policy/origin_gate.h"
#include "daemon/policy/rate_limit.h"
#include "daemon/policy/retry_budget.h"

/*
 * Whether a request to an origin may start now: the one face of all that its answers bring about (gate,
 * breaker, retry budget), for all jobs that ask it.
 *
 * Pure: the caller passes `now_us` (CLOCK_MONOTONIC, microseconds) and chance; nothing fails. It starts zeroed.
 * Thread: the loop's.
 */

typedef struct OriginAnswer OriginAnswer;
typedef struct OriginMoment OriginMoment;
typedef struct OriginPace OriginPace;
typedef struct OriginTicket OriginTicket;

/* What stands against a request. */
typedef enum OriginHold {
        ORIGIN_HOLD_NONE,
        ORIGIN_HOLD_GATE,    /* it said later */
        ORIGIN_HOLD_BREAKER, /* most of its answers failed; the next probe is not due yet */
        ORIGIN_HOLD_PROBE,   /* the same; a probe is under way */
        ORIGIN_HOLD_BUDGET,  /* a retry, and many requests fail */
        _ORIGIN_HOLD_N,
} OriginHold;

struct OriginPace {
        OriginGate gate;
        bool gate_by_limit; /* it was closed by a rate limit, not by Retry-After */
        Breaker breaker;
        RetryBudget budget;
};

/* Of one request, from its start to its end. */
struct OriginTicket {
        BreakerTicket breaker;
        bool retry;
};

/* What came of a request, as far as it concerns the next ones. */
struct OriginAnswer {
        BreakerAnswer breaker;
        int status;              /* 0: none */
        const char *retry_after; /* NULL: absent, or the status is none that is retried */
        RateLimitFields limits;
};

struct OriginMoment {
        uint64_t now_us;
        int64_t wall_s; /* seconds since the epoch */
        uint64_t chance;
};

/* For status: "held", "open", "probing", "slowed"; "" for none. Static. */
const char *origin_hold_name(OriginHold hold);

/*
 * What stands against a request. @left: see retry_budget_wait_us(). @ret_wait_us: how long it will, or 0 where
 * only the end of another request can tell (or nothing stands against it).
 */
OriginHold origin_pace_check(
        const OriginPace *pace, bool retry, uint32_t left, uint64_t now_us, uint64_t *ret_wait_us);

/* A request starts, which origin_pace_check() has just allowed. */
OriginTicket origin_pace_begin(OriginPace *pace, bool retry, uint64_t now_us);

/* It ended. Returns what this means for the breaker. */
BreakerTurn origin_pace_end(
        OriginPace *pace, OriginTicket ticket, const OriginAnswer *answer, const OriginMoment *moment);

/* Whether something stands against a first request: what is known must not be forgotten. */
static inline bool origin_pace_closed(const OriginPace *pace, uint64_t now_us) {
        return pace->breaker.state != BREAKER_CLOSED || origin_gate_wait_us(&pace->gate, now_us) > 0;
}

/* The share of its last answers, at most 50, that failed: 0 to 1. */
double origin_pace_failing(const OriginPace *pace);

/* Why the gate or the breaker stands against requests, for people. Static. */
const char *origin_pace_reason(const OriginPace *pace, OriginHold hold);
