/* A token bucket, driven by a clock that is a number. */

#include "daemon/policy/rate.h"

#include "common/timeutil.h"
#include "tests/unit/unit.h"

#define START (1000 * USEC_PER_SEC)

/* Takes whenever it may, looking every @step_us, until @until_us. Returns how many. */
static uint64_t take_until(Rate *rate, uint64_t *now_us, uint64_t until_us, uint64_t step_us) {
        uint64_t n = 0;

        for (; *now_us < until_us; *now_us += step_us)
                while (n < 100000 && rate_wait_us(rate, *now_us) == 0) {
                        rate_take(rate, *now_us);
                        n++;
                }

        return n;
}

static void test_the_rate_holds_however_often_one_looks(void **state) {
        static const struct {
                double per_second;
                uint64_t step_us;
        } cases[] = {
                { 1, 1000 },
                { 50, 1000 },
                { 50, 7000 },
                { 1000, 1000 },
                { 1000, 10000 },
                { 5000, 1000 },
                { 33.3, 100 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Rate rate = {};
                uint64_t now_us = START, n;
                double wanted = cases[i].per_second * 10;

                rate_set(&rate, cases[i].per_second, now_us);
                n = take_until(&rate, &now_us, START + 10 * USEC_PER_SEC, cases[i].step_us);
                assert_true((double)n <= wanted + cases[i].per_second * 0.02 + 1);
                assert_true((double)n >= wanted * 0.98 - 1);
        }
}

static void test_what_was_not_used_comes_not_back_as_a_burst(void **state) {
        Rate rate = {};
        uint64_t now_us = START;

        rate_set(&rate, 1000, now_us);
        take_until(&rate, &now_us, START + USEC_PER_SEC, 1000);
        now_us += 60 * USEC_PER_SEC; /* paused */
        assert_true(take_until(&rate, &now_us, now_us + 1, 1) <= 21);
}

static void test_a_wait_is_exactly_long_enough(void **state) {
        Rate rate = {};
        uint64_t wait_us;

        rate_set(&rate, 10, START);
        assert_int_equal(rate_wait_us(&rate, START), 0);
        rate_take(&rate, START);
        wait_us = rate_wait_us(&rate, START);
        assert_int_equal(wait_us, 80 * USEC_PER_MSEC); /* 100, of which 20 are lent */
        assert_int_equal(rate_wait_us(&rate, START + wait_us), 0);
        assert_int_not_equal(rate_wait_us(&rate, START + wait_us - 1), 0);
}

static void test_no_rate_never_waits(void **state) {
        Rate rate = {};

        for (int i = 0; i < 1000; i++) {
                assert_int_equal(rate_wait_us(&rate, START), 0);
                rate_take(&rate, START);
        }
}

static void test_a_higher_rate_holds_at_once(void **state) {
        Rate rate = {};

        rate_set(&rate, 0.1, START); /* one in ten seconds */
        rate_take(&rate, START);
        rate_set(&rate, 10, START);
        assert_true(rate_wait_us(&rate, START) <= 100 * USEC_PER_MSEC);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_rate_holds_however_often_one_looks),
                cmocka_unit_test(test_what_was_not_used_comes_not_back_as_a_burst),
                cmocka_unit_test(test_a_wait_is_exactly_long_enough),
                cmocka_unit_test(test_no_rate_never_waits),
                cmocka_unit_test(test_a_higher_rate_holds_at_once),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
