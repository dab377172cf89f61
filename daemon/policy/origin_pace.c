/* Whether a request to an origin may start now. */

#include "daemon/policy/origin_pace.h"

static const char *const names[_ORIGIN_HOLD_N] = {
        [ORIGIN_HOLD_NONE] = "",
        [ORIGIN_HOLD_GATE] = "held",
        [ORIGIN_HOLD_BREAKER] = "open",
        [ORIGIN_HOLD_PROBE] = "probing",
        [ORIGIN_HOLD_BUDGET] = "slowed",
};

const char *origin_hold_name(OriginHold hold) {
        return names[hold];
}

OriginHold origin_pace_check(
        const OriginPace *pace, bool retry, uint32_t left, uint64_t now_us, uint64_t *ret_wait_us) {
        *ret_wait_us = origin_gate_wait_us(&pace->gate, now_us);
        if (*ret_wait_us > 0)
                return ORIGIN_HOLD_GATE;

        if (!breaker_may_start(&pace->breaker, now_us, ret_wait_us))
                return *ret_wait_us > 0 ? ORIGIN_HOLD_BREAKER : ORIGIN_HOLD_PROBE;

        /* A probe is one request at a time as it is. */
        if (!retry || pace->breaker.state != BREAKER_CLOSED)
                return ORIGIN_HOLD_NONE;

        *ret_wait_us = retry_budget_wait_us(&pace->budget, &pace->breaker.answers, left, now_us);
        return *ret_wait_us > 0 ? ORIGIN_HOLD_BUDGET : ORIGIN_HOLD_NONE;
}

OriginTicket origin_pace_begin(OriginPace *pace, bool retry, uint64_t now_us) {
        retry_budget_begin(&pace->budget, retry, now_us);

        return (OriginTicket) { .breaker = breaker_begin(&pace->breaker), .retry = retry };
}

static void hold(OriginPace *pace, uint64_t delay_us, bool by_limit, uint64_t now_us) {
        uint64_t open_at_us = pace->gate.open_at_us;

        origin_gate_hold(&pace->gate, delay_us, now_us);
        if (pace->gate.open_at_us != open_at_us)
                pace->gate_by_limit = by_limit;
}

static void read_wishes(OriginPace *pace, const OriginAnswer *answer, const OriginMoment *moment) {
        uint64_t delay_us;
        bool told = false;

        if (answer->retry_after &&
                origin_gate_read_retry_after(answer->retry_after, moment->wall_s, &delay_us) == 0) {
                hold(pace, delay_us, false, moment->now_us);
                told = true;
        }

        if (rate_limit_read(&answer->limits, answer->status == 429 && !told, moment->wall_s, &delay_us))
                hold(pace, delay_us, true, moment->now_us);
}

BreakerTurn origin_pace_end(
        OriginPace *pace, OriginTicket ticket, const OriginAnswer *answer, const OriginMoment *moment) {
        retry_budget_end(&pace->budget, ticket.retry);
        read_wishes(pace, answer, moment);

        return breaker_end(&pace->breaker, ticket.breaker, answer->breaker, moment->now_us, moment->chance);
}

double origin_pace_failing(const OriginPace *pace) {
        const AnswerWindow *answers = &pace->breaker.answers;
        uint32_t known = answer_window_known(answers, BREAKER_ANSWERS);

        return known ? (double)answer_window_failed(answers, BREAKER_ANSWERS) / known : 0;
}

const char *origin_pace_reason(const OriginPace *pace, OriginHold hold) {
        switch (hold) {
        case ORIGIN_HOLD_GATE:
                return pace->gate_by_limit ? "nothing is left of its rate limit" : "it asked by Retry-After";
        case ORIGIN_HOLD_BREAKER:
        case ORIGIN_HOLD_PROBE:
                return "most of its last answers were failures";
        case ORIGIN_HOLD_BUDGET:
                return "many of its last answers were failures: retries go slowly";
        default:
                return "";
        }
}
