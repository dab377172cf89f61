/* Whether a failed attempt is made again, and when. */

#include "daemon/policy/retry.h"

static bool may_repeat(const JobSpec *spec, const RetryCase *attempt) {
        if (job_spec_idempotent(spec) || spec->retry_on.written_out || !attempt->sent)
                return true;

        return attempt->status == 429 || (attempt->status == 503 && attempt->retry_after);
}

bool retry_wanted(const JobSpec *spec, const RetryCase *attempt) {
        bool asked;

        if (attempt->starved)
                return true;
        if (attempt->attempts >= spec->retry.attempts)
                return false;

        asked = attempt->reason == REASON_HTTP_STATUS
                        ? status_set_has(&spec->retry_on.statuses, attempt->status)
                        : (spec->retry_on.reasons >> attempt->reason) & 1;
        return asked && may_repeat(spec, attempt);
}

uint64_t retry_delay_us(const JobSpec *spec, uint32_t attempts, uint64_t chance) {
        uint64_t ceiling_us = spec->retry.backoff_us;

        for (uint32_t i = 1; i < attempts && ceiling_us < spec->retry.max_backoff_us; i++)
                ceiling_us *= 2;
        if (ceiling_us > spec->retry.max_backoff_us)
                ceiling_us = spec->retry.max_backoff_us;

        return ceiling_us ? chance % (ceiling_us + 1) : 0;
}
