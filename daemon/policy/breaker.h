#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/policy/answer_window.h"

/*
 * Stops asking an origin that mostly fails, and finds out by single requests when it is well again.
 *
 * It opens when more than half of the last 50 answers (at least 20 of them known) were failures. Then one
 * request at a time, a probe, asks again: after a second or so, and after twice as long for each probe that
 * fails, up to half a minute. The first good probe closes it, and nothing that was asked before counts any
 * more. Waiting costs no document an attempt. The pattern is M. Nygard's ("Release It!").
 *
 * Pure: the caller passes `now_us` (CLOCK_MONOTONIC, microseconds) and chance; nothing fails. It starts zeroed:
 * closed. Thread: the loop's.
 */

#define BREAKER_ANSWERS 50
#define BREAKER_ANSWERS_MIN 20
#define BREAKER_WAIT_MIN_US UINT64_C(1000000)
#define BREAKER_WAIT_MAX_US UINT64_C(30000000)

typedef struct Breaker Breaker;
typedef struct BreakerTicket BreakerTicket;

typedef enum BreakerState {
        BREAKER_CLOSED,
        BREAKER_OPEN,    /* until the time of the next probe, and then until somebody makes it */
        BREAKER_PROBING, /* its answer is awaited */
} BreakerState;

/* What an answer was, to the breaker. */
typedef enum BreakerAnswer {
        BREAKER_ANSWER_GOOD,
        BREAKER_ANSWER_FAILED,
        BREAKER_ANSWER_NONE, /* it says nothing about the origin: it was never asked */
} BreakerAnswer;

/* What an answer has changed. */
typedef enum BreakerTurn {
        BREAKER_STAYS,
        BREAKER_OPENS,
        BREAKER_CLOSES,
} BreakerTurn;

struct Breaker {
        AnswerWindow answers; /* since it was last closed */
        BreakerState state;
        uint32_t round;       /* counts openings and closings: older requests say nothing about now */
        uint64_t base_us;     /* the wait before the next probe, before jitter */
        uint64_t probe_at_us; /* while it is open */
};

/* Of one request, from its start to its end. */
struct BreakerTicket {
        uint32_t round;
        bool probe;
};

/* Whether a request may start now. @ret_wait_us: where it may not, how long; 0: until a probe has ended. */
bool breaker_may_start(const Breaker *breaker, uint64_t now_us, uint64_t *ret_wait_us);

/* A request starts, which breaker_may_start() has just allowed. */
BreakerTicket breaker_begin(Breaker *breaker);

/* It ended. @chance: any 64 random bits. */
BreakerTurn breaker_end(
        Breaker *breaker, BreakerTicket ticket, BreakerAnswer answer, uint64_t now_us, uint64_t chance);
