#pragma once

#include <stdint.h>

#include "daemon/spec/reason.h"

/*
 * Sums up failures for the log: the first one is told at once, and what follows at most once in ten seconds,
 * by reason. Pure: the caller passes `now_us` (CLOCK_MONOTONIC, microseconds), nothing fails. It starts
 * zeroed. Thread: the loop's.
 */

#define FAILURE_DIGEST_EVERY_US UINT64_C(10000000)

typedef struct FailureDigest FailureDigest;

struct FailureDigest {
        uint64_t failed[_REASON_N]; /* since it was last taken */
        uint64_t n;
        uint64_t taken_us; /* when that was; 0: never */
};

void failure_digest_add(FailureDigest *digest, FailureReason reason);

/* Until it is time to tell; 0: now. UINT64_MAX: there is nothing. */
uint64_t failure_digest_wait_us(const FailureDigest *digest, uint64_t now_us);

/* The time that its counts are of, in whole seconds; 0: they are of this moment, the first after a quiet time. */
uint64_t failure_digest_seconds(const FailureDigest *digest, uint64_t now_us);

/* Begins anew, after the caller has told what it held. */
void failure_digest_reset(FailureDigest *digest, uint64_t now_us);
