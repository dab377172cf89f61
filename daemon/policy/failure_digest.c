/* Sums up failures for the log. */

#include "daemon/policy/failure_digest.h"

#include "common/timeutil.h"

void failure_digest_add(FailureDigest *digest, FailureReason reason) {
        digest->failed[reason]++;
        digest->n++;
}

uint64_t failure_digest_wait_us(const FailureDigest *digest, uint64_t now_us) {
        uint64_t due_us = digest->taken_us ? digest->taken_us + FAILURE_DIGEST_EVERY_US : now_us;

        if (!digest->n)
                return UINT64_MAX;

        return due_us > now_us ? due_us - now_us : 0;
}

/* Whoever keeps to the wait takes it soon after it is due: a longer time than that nothing had failed. */
uint64_t failure_digest_seconds(const FailureDigest *digest, uint64_t now_us) {
        uint64_t since_us = digest->taken_us ? now_us - digest->taken_us : UINT64_MAX;

        return since_us < 2 * FAILURE_DIGEST_EVERY_US ? (since_us + USEC_PER_SEC / 2) / USEC_PER_SEC : 0;
}

void failure_digest_reset(FailureDigest *digest, uint64_t now_us) {
        *digest = (FailureDigest) { .taken_us = now_us };
}
