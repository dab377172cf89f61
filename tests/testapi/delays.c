/* Timeouts for delays of which thousands have the same length. */

#include "tests/testapi/delays.h"

#include <event2/event.h>

const struct timeval *delays_timeout(Delays *delays, uint64_t us, bool shared, struct timeval *room) {
        const struct timeval *common;

        *room = (struct timeval) { .tv_sec = (time_t)(us / 1000000), .tv_usec = (suseconds_t)(us % 1000000) };
        if (!shared)
                return room;

        for (size_t i = 0; i < delays->n; i++)
                if (delays->shared[i].us == us)
                        return delays->shared[i].timeout;

        if (delays->n == DELAYS_SHARED_MAX)
                return room;

        common = event_base_init_common_timeout(delays->base, room);
        if (!common)
                return room;

        delays->shared[delays->n].us = us;
        delays->shared[delays->n++].timeout = common;
        return common;
}
