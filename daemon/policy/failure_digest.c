/* Sums up failures for the log. */

#include "daemon/policy/failure_digest.h"

void failure_digest_add(FailureDigest *digest, FailureReason reason) {
        digest->failed[reason]++;
        digest->n++;
}

bool failure_digest_due(const FailureDigest *digest, uint64_t now_us) {
        return digest->n && (!digest->taken_us || now_us - digest->taken_us >= FAILURE_DIGEST_EVERY_US);
}

void failure_digest_reset(FailureDigest *digest, uint64_t now_us) {
        *digest = (FailureDigest) { .taken_us = now_us };
}
