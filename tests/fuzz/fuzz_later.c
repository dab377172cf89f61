/* What an origin may say about "later": Retry-After, and the fields of rate limits, on a line each. */

#include <string.h>

#include "daemon/policy/origin_gate.h"
#include "daemon/policy/rate_limit.h"
#include "tests/fuzz/fuzz.h"

#define NOON INT64_C(1795435200)

static char *next_line(const char **at, const char *end) {
        const char *begin = *at, *stop = begin < end ? memchr(begin, '\n', (size_t)(end - begin)) : NULL;

        if (!stop)
                stop = end;
        *at = stop < end ? stop + 1 : end;
        return strndup(begin, (size_t)(stop - begin));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        const char *at = (const char *)data, *end = at + size;
        _cleanup_free_ char *retry_after = next_line(&at, end), *limits = next_line(&at, end),
                            *remaining = next_line(&at, end), *reset = next_line(&at, end);
        RateLimitFields fields = { .limits = limits, .remaining = remaining, .reset = reset };
        uint64_t delay_us = 0;

        if (origin_gate_read_retry_after(retry_after, NOON, &delay_us) == 0)
                PROMISE(delay_us <= ORIGIN_GATE_LONGEST_US);

        delay_us = 0;
        for (int refused = 0; refused <= 1; refused++)
                if (rate_limit_read(&fields, refused, NOON, &delay_us)) {
                        OriginGate gate = {};

                        origin_gate_hold(&gate, delay_us, 1);
                        PROMISE(origin_gate_wait_us(&gate, 1) <= ORIGIN_GATE_LONGEST_US);
                }
        return 0;
}
