#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/time.h>

/*
 * Timeouts for delays of which thousands have the same length.
 *
 * libevent keeps the timers of one common timeout in a queue, so adding and expiring costs nothing
 * however many wait; but it has only 256 such queues, and a length used once is cheaper in its heap.
 */

struct event_base;

typedef struct Delays Delays;

#define DELAYS_SHARED_MAX 64

struct Delays {
        struct event_base *base;
        size_t n;
        struct {
                uint64_t us;
                const struct timeval *timeout; /* the base's */
        } shared[DELAYS_SHARED_MAX];
};

/* The timeout for event_add(): a common one where that is @shared and there is one left, else @room. */
const struct timeval *delays_timeout(Delays *delays, uint64_t us, bool shared, struct timeval *room);
