/* Whether a job may start another request now. */

#include "daemon/policy/pacing.h"

static const char *const limited_by_names[_LIMITED_BY_N] = {
        [LIMITED_BY_NOTHING] = "concurrency",
        [LIMITED_BY_CONCURRENCY] = "concurrency",
        [LIMITED_BY_RATE] = "rate",
        [LIMITED_BY_ORIGIN] = "origin",
        [LIMITED_BY_MEMORY] = "memory",
        [LIMITED_BY_SOURCE] = "source",
        [LIMITED_BY_STORE] = "store",
        [LIMITED_BY_IDLE] = "idle",
};

const char *limited_by_name(LimitedBy limited_by) {
        return limited_by_names[limited_by];
}

void pacing_set(Pacing *pacing, uint32_t concurrency, double rate, uint64_t now_us) {
        pacing->concurrency = concurrency;
        rate_set(&pacing->rate, rate, now_us);
}

LimitedBy pacing_check(const Pacing *pacing, uint64_t now_us, uint64_t *ret_wait_us) {
        *ret_wait_us = 0;

        if (pacing->in_flight >= pacing->concurrency)
                return LIMITED_BY_CONCURRENCY;

        *ret_wait_us = rate_wait_us(&pacing->rate, now_us);
        return *ret_wait_us ? LIMITED_BY_RATE : LIMITED_BY_NOTHING;
}

void pacing_begin(Pacing *pacing, uint64_t now_us) {
        rate_take(&pacing->rate, now_us);
        pacing->in_flight++;
}

void pacing_end(Pacing *pacing) {
        pacing->in_flight--;
}
