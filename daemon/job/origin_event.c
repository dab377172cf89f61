/* What the journal is told of origins. */

#include "daemon/job/origin_event.h"

#include "common/event.h"
#include "common/timeutil.h"

#define INTERVAL_US (10 * USEC_PER_SEC)
#define HELD_MIN_US (30 * USEC_PER_SEC) /* APIs with a limit a minute ask for less all the time */

static bool may_send(OriginEvents *sent, uint64_t now_us) {
        if (now_us - sent->since_us >= INTERVAL_US) {
                sent->since_us = now_us;
                sent->n = 0;
        }
        if (sent->n >= ORIGIN_EVENTS_MAX) {
                sent->left_out++;
                return false;
        }

        sent->n++;
        return true;
}

static void begin(OriginEvents *sent, const HttpOrigin *origin, EventId event, LogEntry *entry) {
        log_entry_begin(entry, &events[event]);
        log_field(entry, "ORIGIN", "%s", http_origin_name(origin));
        log_field(entry, "FAILING", "%.2f", origin_pace_failing(http_origin_pace(origin)));
        if (sent->left_out)
                log_field_count(entry, "LEFT_OUT", sent->left_out);
        sent->left_out = 0;
}

void origin_event_breaker(OriginEvents *sent, const HttpOrigin *origin, BreakerTurn turn, uint64_t now_us) {
        bool opens = turn == BREAKER_OPENS;
        LogEntry entry;

        if (turn == BREAKER_STAYS || !may_send(sent, now_us))
                return;

        begin(sent, origin, opens ? EVENT_ORIGIN_LEFT_ALONE : EVENT_ORIGIN_BACK, &entry);
        log_entry_send(&entry, "%s %s", http_origin_name(origin),
                opens ? "is left alone: most of its last answers were failures" : "answers again");
}

void origin_event_held(OriginEvents *sent, const HttpOrigin *origin, uint64_t wait_us, uint64_t now_us) {
        LogEntry entry;

        if (wait_us < HELD_MIN_US || !may_send(sent, now_us))
                return;

        begin(sent, origin, EVENT_ORIGIN_HELD, &entry);
        log_field_count(&entry, "SECONDS", wait_us / USEC_PER_SEC);
        log_entry_send(&entry, "%s is held for %ju s: %s", http_origin_name(origin),
                (uintmax_t)(wait_us / USEC_PER_SEC),
                origin_pace_reason(http_origin_pace(origin), ORIGIN_HOLD_GATE));
}
