#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/spec/job_spec.h"
#include "daemon/spec/reason.h"

/*
 * Whether a failed attempt is made again, and when. Pure: chance is a parameter; any thread, nothing fails.
 *
 * A method that is not idempotent is repeated only where that cannot do anything twice: the server refused to
 * act (429, or 503 with Retry-After), or no byte of the request went out (RFC 9110, section 9.2.2).
 * Backoff is exponential with full jitter (M. Brooker, "Exponential Backoff And Jitter").
 */

typedef struct RetryCase RetryCase;

struct RetryCase {
        FailureReason reason;
        int status;
        bool sent;        /* a byte of the request may have gone out */
        bool retry_after; /* the answer had a Retry-After header */
        bool starved; /* this process had no descriptor or memory for it: it was no attempt, and is made */
        uint32_t attempts; /* made so far, this one included */
};

/* Whether @attempt is to be made again under @spec. */
bool retry_wanted(const JobSpec *spec, const RetryCase *attempt);

/*
 * How long to wait before attempt @attempts + 1: between 0 and backoff * 2^(attempts - 1), at most
 * max_backoff.
 * @chance: any 64 random bits.
 */
uint64_t retry_delay_us(const JobSpec *spec, uint32_t attempts, uint64_t chance);
