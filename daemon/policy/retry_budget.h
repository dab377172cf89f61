#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/policy/answer_window.h"

/*
 * Holds retries back while many requests to an origin fail, so that they do not crowd out those that are made
 * for the first time, nor add to what may be making them fail.
 *
 * While more than a tenth of the last 100 answers (at least 20 of them known) were failures, a tenth of the
 * requests that start may be retries, and one a second always. Where only retries are left, there is nothing
 * to crowd out and a tenth of nothing would take forever: then they may take a tenth of the requests in flight
 * that the job is allowed. It only delays: no retry is given up. It lifts by itself as answers become good
 * again. The idea is that of Google's retry budgets ("Site Reliability Engineering", chapter 21).
 *
 * Pure: the caller passes `now_us` (CLOCK_MONOTONIC, microseconds); nothing fails. It starts zeroed. Thread: the
 * loop's.
 */

#define RETRY_BUDGET_ANSWERS 100
#define RETRY_BUDGET_ANSWERS_MIN 20

typedef struct RetryBudget RetryBudget;

struct RetryBudget {
        uint32_t tenths;    /* of a retry that may start: each request adds one */
        uint32_t in_flight; /* retries */
        uint64_t next_us;   /* from then on one may start in any case */
};

/*
 * Microseconds until a retry may start; 0: now.
 * @left: 0 while there are other requests to make; else how many retries may be in flight at once.
 */
uint64_t retry_budget_wait_us(
        const RetryBudget *budget, const AnswerWindow *answers, uint32_t left, uint64_t now_us);

/* A request starts: every one is to be told. */
void retry_budget_begin(RetryBudget *budget, bool retry, uint64_t now_us);
void retry_budget_end(RetryBudget *budget, bool retry);
