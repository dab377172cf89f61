/* Holds retries back while many requests to an origin fail. */

#include "daemon/policy/retry_budget.h"

#define INTERVAL_US UINT64_C(1000000)
#define SHARE 10     /* one of so many requests may be a retry */
#define SAVED_MAX 10 /* retries that may be saved up for later */

static bool many_fail(const AnswerWindow *answers) {
        uint32_t known = answer_window_known(answers, RETRY_BUDGET_ANSWERS);

        return known >= RETRY_BUDGET_ANSWERS_MIN &&
               answer_window_failed(answers, RETRY_BUDGET_ANSWERS) * SHARE > known;
}

uint64_t retry_budget_wait_us(
        const RetryBudget *budget, const AnswerWindow *answers, uint32_t left, uint64_t now_us) {
        if (budget->tenths >= SHARE || budget->in_flight < left || now_us >= budget->next_us)
                return 0;

        return many_fail(answers) ? budget->next_us - now_us : 0;
}

void retry_budget_begin(RetryBudget *budget, bool retry, uint64_t now_us) {
        if (budget->tenths < SAVED_MAX * SHARE)
                budget->tenths++;
        if (!retry)
                return;

        budget->tenths = budget->tenths > SHARE ? budget->tenths - SHARE : 0;
        budget->in_flight++;
        budget->next_us = now_us + INTERVAL_US;
}

void retry_budget_end(RetryBudget *budget, bool retry) {
        if (retry)
                budget->in_flight--;
}
