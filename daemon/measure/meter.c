/* A ring of quarter seconds. */

#include "daemon/measure/meter.h"

#include <string.h>

/* Empties the slots that the time has passed over since the last call. */
static void advance(Meter *meter, uint64_t now_us) {
        uint64_t slot = now_us / METER_SLOT_US;

        if (slot - meter->slot >= METER_SLOTS)
                memset(meter->counts, 0, sizeof(meter->counts));
        else
                for (uint64_t s = meter->slot + 1; s <= slot; s++)
                        meter->counts[s % METER_SLOTS] = 0;

        meter->slot = slot;
}

void meter_add(Meter *meter, uint64_t n, uint64_t now_us) {
        advance(meter, now_us);
        if (!meter->first_us)
                meter->first_us = now_us;
        meter->counts[meter->slot % METER_SLOTS] += n;
}

double meter_rate(Meter *meter, uint64_t now_us) {
        uint64_t sum = 0, span_us;

        if (!meter->first_us)
                return 0;

        advance(meter, now_us);
        for (int i = 0; i < METER_SLOTS; i++)
                sum += meter->counts[i];

        span_us = (METER_SLOTS - 1) * METER_SLOT_US + now_us % METER_SLOT_US;
        if (now_us - meter->first_us < span_us)
                span_us = now_us - meter->first_us;
        if (span_us < METER_SLOT_US)
                span_us = METER_SLOT_US; /* the first moments say nothing about a second */

        return (double)sum * 1e6 / (double)span_us;
}
