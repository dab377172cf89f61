/* A log-linear histogram. */

#include "daemon/measure/histogram.h"

#include <math.h>
#include <stddef.h>

#define SUB_BUCKETS (1u << HISTOGRAM_SUB_BITS)

static size_t bucket_of(uint64_t value) {
        unsigned power;

        if (value < SUB_BUCKETS)
                return (size_t)value;

        power = 63u - (unsigned)__builtin_clzll(value) - HISTOGRAM_SUB_BITS;
        if (power >= HISTOGRAM_POWERS)
                return HISTOGRAM_BUCKETS - 1;

        return ((size_t)(power + 1) << HISTOGRAM_SUB_BITS) + (size_t)((value >> power) - SUB_BUCKETS);
}

/* The largest value that falls into the bucket. */
static uint64_t bucket_top(size_t bucket) {
        uint64_t power = bucket >> HISTOGRAM_SUB_BITS;
        uint64_t sub = bucket & (SUB_BUCKETS - 1);

        if (power == 0)
                return sub;

        return ((sub + SUB_BUCKETS + 1) << (power - 1)) - 1;
}

void histogram_add(Histogram *histogram, uint64_t value) {
        histogram->buckets[bucket_of(value)]++;
        histogram->n++;
        if (value > histogram->max)
                histogram->max = value;
}

uint64_t histogram_percentile(const Histogram *histogram, double percent) {
        uint64_t wanted = (uint64_t)ceil((double)histogram->n * percent / 100.0), seen = 0;

        if (!histogram->n)
                return 0;

        for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
                seen += histogram->buckets[i];
                if (seen >= wanted && seen > 0)
                        return bucket_top(i) < histogram->max ? bucket_top(i) : histogram->max;
        }

        return histogram->max;
}
