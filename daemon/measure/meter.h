#pragma once

#include <stdint.h>

/*
 * How many a second, lately: the mean over the last five seconds, or over the time since the first event
 * while that is shorter. Pure: the caller passes `now_us` (CLOCK_MONOTONIC, microseconds), nothing fails. It
 * starts zeroed. Thread: the loop's.
 */

#define METER_SLOTS 20
#define METER_SLOT_US UINT64_C(250000)

typedef struct Meter Meter;

struct Meter {
        uint64_t counts[METER_SLOTS];
        uint64_t slot;     /* number of the newest slot, counted from the clock's zero */
        uint64_t first_us; /* when it began to count; 0: nothing yet */
};

/* @n more happened just now. */
void meter_add(Meter *meter, uint64_t n, uint64_t now_us);

/* How many a second; 0 before the first. */
double meter_rate(Meter *meter, uint64_t now_us);
