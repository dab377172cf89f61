/* Stops asking an origin that mostly fails, and finds out when it is well again. */

#include "daemon/policy/breaker.h"

#define BASE_MAX_US                                                                                          \
        (BREAKER_WAIT_MAX_US * 2 / 3) /* with jitter, which adds up to half of it, the longest wait */

bool breaker_may_start(const Breaker *breaker, uint64_t now_us, uint64_t *ret_wait_us) {
        *ret_wait_us = 0;

        switch (breaker->state) {
        case BREAKER_CLOSED:
                return true;
        case BREAKER_OPEN:
                if (now_us >= breaker->probe_at_us)
                        return true;
                *ret_wait_us = breaker->probe_at_us - now_us;
                return false;
        case BREAKER_PROBING:
                break;
        }

        return false;
}

BreakerTicket breaker_begin(Breaker *breaker) {
        BreakerTicket ticket = { .round = breaker->round, .probe = breaker->state == BREAKER_OPEN };

        if (ticket.probe)
                breaker->state = BREAKER_PROBING;

        return ticket;
}

/* Several daemons that were stopped by the same failure should not come back at the same moment. */
static void wait_for_probe(Breaker *breaker, uint64_t now_us, uint64_t chance) {
        breaker->state = BREAKER_OPEN;
        breaker->probe_at_us = now_us + breaker->base_us + chance % (breaker->base_us / 2 + 1);
        breaker->base_us *= 2;
        if (breaker->base_us > BASE_MAX_US)
                breaker->base_us = BASE_MAX_US;
}

static bool mostly_fails(const AnswerWindow *answers) {
        uint32_t known = answer_window_known(answers, BREAKER_ANSWERS);

        return known >= BREAKER_ANSWERS_MIN && answer_window_failed(answers, BREAKER_ANSWERS) * 2 > known;
}

static BreakerTurn end_probe(Breaker *breaker, BreakerAnswer answer, uint64_t now_us, uint64_t chance) {
        switch (answer) {
        case BREAKER_ANSWER_NONE:
                breaker->state = BREAKER_OPEN; /* the next request is the probe */
                return BREAKER_STAYS;
        case BREAKER_ANSWER_FAILED:
                answer_window_add(&breaker->answers, true);
                wait_for_probe(breaker, now_us, chance);
                return BREAKER_STAYS;
        case BREAKER_ANSWER_GOOD:
                break;
        }

        breaker->state = BREAKER_CLOSED;
        breaker->answers = (AnswerWindow) {};
        breaker->round++;
        return BREAKER_CLOSES;
}

BreakerTurn breaker_end(
        Breaker *breaker, BreakerTicket ticket, BreakerAnswer answer, uint64_t now_us, uint64_t chance) {
        if (ticket.round != breaker->round)
                return BREAKER_STAYS; /* asked before it opened, or closed, last */
        if (ticket.probe)
                return end_probe(breaker, answer, now_us, chance);
        if (answer == BREAKER_ANSWER_NONE)
                return BREAKER_STAYS;

        answer_window_add(&breaker->answers, answer == BREAKER_ANSWER_FAILED);
        if (!mostly_fails(&breaker->answers))
                return BREAKER_STAYS;

        breaker->round++;
        breaker->base_us = BREAKER_WAIT_MIN_US;
        wait_for_probe(breaker, now_us, chance);
        return BREAKER_OPENS;
}
