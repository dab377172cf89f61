/* Whether a request to an origin may start, and what its end means for the next ones. */

#include "daemon/http/http_origin.h"

#include "common/timeutil.h"
#include "daemon/http/origin.h"

void http_origin_watch(HttpOrigin *origin, HttpOriginWatch *watch) {
        TAILQ_INSERT_TAIL(&origin->watches, watch, entry);
}

void http_origin_unwatch(HttpOrigin *origin, HttpOriginWatch *watch) {
        TAILQ_REMOVE(&origin->watches, watch, entry);
}

HttpOriginWatch *http_origin_next_watch(const HttpOrigin *origin, const HttpOriginWatch *watch) {
        return watch ? TAILQ_NEXT(watch, entry) : TAILQ_FIRST(&origin->watches);
}

HttpOriginReady http_origin_check(
        const HttpOrigin *origin, bool retry, uint32_t left, uint64_t now_us, uint64_t *ret_wait_us) {
        if (origin_pace_check(&origin->pace, retry, left, now_us, ret_wait_us) != ORIGIN_HOLD_NONE)
                return HTTP_ORIGIN_CLOSED;
        if (http_origin_ready(origin))
                return HTTP_ORIGIN_READY;

        /* The watches of one origin are not told of the lookup of a proxy's name, which is everybody's. */
        return origin->own.under_way ? HTTP_ORIGIN_CLOSED : HTTP_ORIGIN_CROWDED;
}

OriginTicket http_origin_begin(HttpOrigin *origin, bool retry, uint64_t now_us) {
        return origin_pace_begin(&origin->pace, retry, now_us);
}

static BreakerAnswer answer_of(const HttpResponse *response) {
        if (response->starved)
                return BREAKER_ANSWER_NONE;

        switch (response->result) {
        case HTTP_TIMEOUT:
        case HTTP_CONNECT:
        case HTTP_DNS:
        case HTTP_TLS:
                return BREAKER_ANSWER_FAILED;
        case HTTP_DENIED_ADDRESS:
        case HTTP_BAD_URL:
                return BREAKER_ANSWER_NONE;
        default:
                return response->status == 429 || response->status >= 500 ? BREAKER_ANSWER_FAILED
                                                                          : BREAKER_ANSWER_GOOD;
        }
}

BreakerTurn http_origin_end(HttpOrigin *origin, OriginTicket ticket, const HttpResponse *response, bool heed,
        uint64_t now_us, uint64_t chance) {
        OriginAnswer answer = {
                .breaker = answer_of(response),
                .status = response->status,
                .retry_after = heed ? response->retry_after : NULL,
                .limits = { response->rate_limit, response->rate_remaining, response->rate_reset },
        };
        OriginMoment moment = { .now_us = now_us, .wall_s = time_wall_ms() / 1000, .chance = chance };
        BreakerTurn turn = origin_pace_end(&origin->pace, ticket, &answer, &moment);

        origin_changed(origin);
        return turn;
}

const OriginPace *http_origin_pace(const HttpOrigin *origin) {
        return &origin->pace;
}
