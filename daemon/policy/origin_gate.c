/* Closes a whole origin for as long as it asked. */

#include "daemon/policy/origin_gate.h"

#include <stdbool.h>

#include "common/timeutil.h"

#define LONGEST_S (ORIGIN_GATE_LONGEST_US / USEC_PER_SEC)

/* Digits and nothing else: what a sign or a fraction would mean is not ours to guess. */
static bool read_seconds(const char *value, uint64_t *ret_s) {
        uint64_t s = 0;

        if (*value == '\0')
                return false;

        for (; *value; value++) {
                if (*value < '0' || *value > '9')
                        return false;
                if (s <= LONGEST_S) /* beyond that the number does not matter, and must not overflow */
                        s = s * 10 + (uint64_t)(*value - '0');
        }

        *ret_s = s;
        return true;
}

int origin_gate_read_retry_after(const char *value, int64_t wall_s, uint64_t *ret_delay_us) {
        uint64_t delay_s = 0;
        int64_t at_s;

        if (!read_seconds(value, &delay_s)) {
                if (http_date_parse(value, &at_s))
                        return ORIGIN_GATE_E_UNREADABLE;
                if (at_s > wall_s)
                        delay_s = (uint64_t)(at_s - wall_s);
        }

        *ret_delay_us = (delay_s < LONGEST_S ? delay_s : LONGEST_S) * USEC_PER_SEC;
        return 0;
}

void origin_gate_hold(OriginGate *gate, uint64_t delay_us, uint64_t now_us) {
        uint64_t open_at_us =
                now_us + (delay_us < ORIGIN_GATE_LONGEST_US ? delay_us : ORIGIN_GATE_LONGEST_US);

        if (delay_us > 0 && open_at_us > gate->open_at_us)
                gate->open_at_us = open_at_us;
}

uint64_t origin_gate_wait_us(const OriginGate *gate, uint64_t now_us) {
        return gate->open_at_us > now_us ? gate->open_at_us - now_us : 0;
}
