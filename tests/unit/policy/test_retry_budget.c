/* How much of the traffic retries may be: by simulation. */

#include "daemon/policy/retry_budget.h"

#include "common/timeutil.h"
#include "tests/unit/unit.h"

typedef struct Run Run;

/* What a simulated client does; each 10 ms it starts what it may and gets the answer at once. */
struct Run {
        RetryBudget budget;
        AnswerWindow answers;
        uint64_t seed, now_us;
        unsigned percent; /* of requests fail */
        unsigned fresh;   /* requests for the first time, each 10 ms */
        unsigned waiting; /* retries */
        unsigned n_fresh, n_retries;
};

static unsigned draw(Run *run) {
        run->seed ^= run->seed >> 12;
        run->seed ^= run->seed << 25;
        run->seed ^= run->seed >> 27;
        return (unsigned)(run->seed * UINT64_C(2685821657736338717) >> 33) % 100;
}

static void ask(Run *run, bool retry) {
        bool failed = draw(run) < run->percent;

        retry_budget_begin(&run->budget, retry, run->now_us);
        retry_budget_end(&run->budget, retry);
        answer_window_add(&run->answers, failed);
        run->waiting += failed;
}

static bool may_retry(const Run *run, uint32_t left) {
        return retry_budget_wait_us(&run->budget, &run->answers, left, run->now_us) == 0;
}

static void simulate(Run *run, unsigned seconds) {
        uint64_t end_us = run->now_us + seconds * USEC_PER_SEC;

        run->n_fresh = run->n_retries = 0;
        for (; run->now_us < end_us; run->now_us += 10000) {
                for (unsigned i = 0; i < run->fresh; i++, run->n_fresh++)
                        ask(run, false);
                for (unsigned i = 0; i < 100 && run->waiting && may_retry(run, 0); i++, run->n_retries++) {
                        run->waiting--;
                        ask(run, true);
                }
        }
}

static void test_while_many_fail_a_tenth_of_the_traffic_is_retries(void **state) {
        for (uint64_t seed = 1; seed <= 200; seed++) {
                Run run = { .seed = seed, .now_us = USEC_PER_SEC, .percent = 30, .fresh = 5 };

                simulate(&run, 5); /* until the failures are seen */
                simulate(&run, 60);
                assert_in_range(run.n_retries, run.n_fresh / 10, run.n_fresh / 8);
                assert_true(run.waiting > 1000); /* none is given up */
        }
}

static void test_while_few_fail_retries_are_free(void **state) {
        for (uint64_t seed = 1; seed <= 200; seed++) {
                Run run = { .seed = seed, .now_us = USEC_PER_SEC, .percent = 2, .fresh = 1, .waiting = 5000 };

                simulate(&run, 60);
                assert_int_equal(run.waiting, 0);
        }
}

static void test_one_a_second_may_start_however_many_fail(void **state) {
        Run run = { .seed = 1, .now_us = USEC_PER_SEC, .percent = 100, .waiting = 1000 };

        for (unsigned i = 0; i < 100; i++)
                answer_window_add(&run.answers, true);
        simulate(&run, 100);
        assert_in_range(run.n_retries, 99, 112); /* beside those that were saved up */
}

static void test_it_lifts_when_answers_are_good_again(void **state) {
        Run run = { .seed = 1, .now_us = USEC_PER_SEC, .percent = 0, .fresh = 1, .waiting = 500 };

        for (unsigned i = 0; i < 100; i++)
                answer_window_add(&run.answers, true);
        simulate(&run, 2);
        assert_int_equal(run.waiting, 0);
}

static void test_where_only_retries_are_left_some_run_at_once(void **state) {
        Run run = { .now_us = USEC_PER_SEC };
        unsigned started = 0;

        for (unsigned i = 0; i < 100; i++)
                answer_window_add(&run.answers, true);
        retry_budget_begin(&run.budget, true, run.now_us);
        assert_false(may_retry(&run, 0));
        for (; may_retry(&run, 10); started++)
                retry_budget_begin(&run.budget, true, run.now_us);
        assert_int_equal(started, 9);
        retry_budget_end(&run.budget, true);
        assert_true(may_retry(&run, 10));
}

static void test_a_few_answers_say_nothing(void **state) {
        Run run = { .now_us = USEC_PER_SEC };

        for (unsigned i = 0; i < RETRY_BUDGET_ANSWERS_MIN - 1; i++) {
                answer_window_add(&run.answers, true);
                retry_budget_begin(&run.budget, true, run.now_us);
                assert_true(may_retry(&run, 0));
        }
        answer_window_add(&run.answers, true);
        assert_false(may_retry(&run, 0));
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_while_many_fail_a_tenth_of_the_traffic_is_retries),
                cmocka_unit_test(test_while_few_fail_retries_are_free),
                cmocka_unit_test(test_one_a_second_may_start_however_many_fail),
                cmocka_unit_test(test_it_lifts_when_answers_are_good_again),
                cmocka_unit_test(test_where_only_retries_are_left_some_run_at_once),
                cmocka_unit_test(test_a_few_answers_say_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
