#pragma once

#include <stdint.h>

#include "daemon/spec/reason.h"

/*
 * How many documents ended in which way. Counts documents; `attempts` counts requests. Pure values: any
 * thread, nothing fails. It starts zeroed.
 */

typedef struct Tally Tally;

struct Tally {
        uint64_t ok;
        uint64_t failed[_REASON_N]; /* by reason; [REASON_NONE] stays 0 */
        uint64_t gone;
        uint64_t attempts;
};

void tally_add(Tally *tally, const Tally *more);

/* @less was added before. */
void tally_subtract(Tally *tally, const Tally *less);

/* One document: REASON_NONE is an ok. */
void tally_outcome(Tally *tally, FailureReason reason, uint32_t attempts);

uint64_t tally_failed(const Tally *tally);    /* all reasons */
uint64_t tally_documents(const Tally *tally); /* ok, failed and gone */
