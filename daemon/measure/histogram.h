#pragma once

#include <stdint.h>

/*
 * Percentiles of latencies in bounded memory: a log-linear histogram, 32 buckets to each power of two, so a
 * value read back is at most 1/32 too high. Pure: nothing fails. Thread: the loop's. It starts zeroed.
 * Source of the idea: "HdrHistogram: A High Dynamic Range Histogram" (G. Tene).
 */

#define HISTOGRAM_SUB_BITS 5
#define HISTOGRAM_POWERS 36 /* values up to 2^40 us, 12 days; larger ones count as that */
#define HISTOGRAM_BUCKETS ((HISTOGRAM_POWERS + 1) << HISTOGRAM_SUB_BITS)

typedef struct Histogram Histogram;

struct Histogram {
        uint64_t n;
        uint64_t max;
        uint32_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_add(Histogram *histogram, uint64_t value);

/* The smallest bound that at least @percent of the values do not exceed; 0 when nothing was added. */
uint64_t histogram_percentile(const Histogram *histogram, double percent);
