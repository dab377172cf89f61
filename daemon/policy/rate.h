#pragma once

#include <stdint.h>

/*
 * A token bucket that holds one token and 20 ms worth of them: a timer that comes a little late costs nothing
 * of the rate, and what was not used for longer is not made up for in a burst. Kept as one time, the
 * "theoretical arrival time" of GCRA (ITU-T I.371). Pure: the caller passes `now_us` (CLOCK_MONOTONIC,
 * microseconds), nothing fails. It starts zeroed: no limit. Thread: the loop's.
 */

#define RATE_BURST_US 20000.0

typedef struct Rate Rate;

struct Rate {
        double per_second; /* 0: no limit */
        double next_us;    /* when the bucket would next be full again */
};

/* @per_second: 0 is no limit. Holds from now on; what was taken already still counts. */
void rate_set(Rate *rate, double per_second, uint64_t now_us);

/* Microseconds until one may be taken; 0 when one may be taken now. */
uint64_t rate_wait_us(const Rate *rate, uint64_t now_us);

/* Takes one. Only after rate_wait_us() said 0. */
void rate_take(Rate *rate, uint64_t now_us);
