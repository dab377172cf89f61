#pragma once

#include <stdbool.h>
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

/* Whether there is something to tell, and it is time. */
bool failure_digest_due(const FailureDigest *digest, uint64_t now_us);

/* Begins anew, after the caller has told what it held. */
void failure_digest_reset(FailureDigest *digest, uint64_t now_us);
