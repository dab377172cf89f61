#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * What an origin's answers say about its rate limit: how much is left, and when there will be more.
 *
 * Two families are read, as both are met: `RateLimit` of draft-ietf-httpapi-ratelimit-headers, as a list of
 * items ("default";r=0;t=30) or in its older form (limit=100, remaining=0, reset=30); and the single fields
 * RateLimit-Remaining and RateLimit-Reset of its first versions, or the X-RateLimit- ones that came before
 * them. What cannot be read is as if it were absent. Pure, any thread.
 */

typedef struct RateLimitFields RateLimitFields;

/* Values of header fields; NULL: absent. */
struct RateLimitFields {
        const char *limits;    /* RateLimit */
        const char *remaining; /* RateLimit-Remaining, or X-RateLimit-Remaining */
        const char *reset; /* RateLimit-Reset, or X-RateLimit-Reset: seconds, or a time where it is large */
};

/*
 * Whether the origin is to be left alone, and how long: where nothing remains, until there is more (of several
 * limits the one that lasts longest); and where it refused without saying more, until the next reset.
 *
 * @refused: the answer was 429, and had no Retry-After
 * @wall_s: now, seconds since the epoch
 */
bool rate_limit_read(const RateLimitFields *fields, bool refused, int64_t wall_s, uint64_t *ret_delay_us);
