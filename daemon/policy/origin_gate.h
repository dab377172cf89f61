#pragma once

#include <stdint.h>

/*
 * Closes a whole origin for as long as it asked: by Retry-After, or by a rate limit of which nothing is left.
 *
 * Whoever is told "later" is told so for everybody who asks the same origin. A later answer can lengthen the
 * time but never shorten it, as answers overtake each other. Pure: no clock and no I/O, the caller passes
 * `now_us` (CLOCK_MONOTONIC, microseconds); nothing fails. It starts zeroed: open. Thread: the loop's.
 */

#define ORIGIN_GATE_LONGEST_US (UINT64_C(3600) * 1000000) /* no origin may hold us longer with one answer */

typedef struct OriginGate OriginGate;

struct OriginGate {
        uint64_t open_at_us; /* requests may start from then on; 0: it was never closed */
};

enum {
        _ORIGIN_GATE_E_SUCCESS,

        ORIGIN_GATE_E_UNREADABLE, /* neither delay-seconds nor an HTTP-date: as if there were none */
};

/*
 * How long a Retry-After asks for: digits, or an HTTP-date (RFC 9110, section 10.2.3); a date that is over
 * asks for 0. @value: without blanks around it. @wall_s: now, seconds since the epoch.
 * Returns 0, or ORIGIN_GATE_E_UNREADABLE (a negative number too). @ret_delay_us: at most an hour.
 */
int origin_gate_read_retry_after(const char *value, int64_t wall_s, uint64_t *ret_delay_us);

/* @delay_us: what is longer than an hour counts as an hour. */
void origin_gate_hold(OriginGate *gate, uint64_t delay_us, uint64_t now_us);

/* Microseconds until requests may start; 0: now. */
uint64_t origin_gate_wait_us(const OriginGate *gate, uint64_t now_us);
