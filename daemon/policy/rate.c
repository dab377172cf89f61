/* A token bucket. */

#include "daemon/policy/rate.h"

#include <math.h>

static double interval_us(const Rate *rate) {
        return 1e6 / rate->per_second;
}

void rate_set(Rate *rate, double per_second, uint64_t now_us) {
        double debt_us = rate->next_us - (double)now_us;

        /* What is owed is owed in requests: a rate that rises pays them off sooner. */
        if (rate->per_second > 0 && per_second > 0 && debt_us > 0)
                rate->next_us = (double)now_us + debt_us * rate->per_second / per_second;

        rate->per_second = per_second;
}

uint64_t rate_wait_us(const Rate *rate, uint64_t now_us) {
        double wait_us;

        if (rate->per_second <= 0)
                return 0;

        wait_us = rate->next_us - RATE_BURST_US - (double)now_us;
        return wait_us > 0 ? (uint64_t)ceil(wait_us) : 0;
}

void rate_take(Rate *rate, uint64_t now_us) {
        if (rate->per_second <= 0)
                return;

        rate->next_us = fmax(rate->next_us, (double)now_us) + interval_us(rate);
}
