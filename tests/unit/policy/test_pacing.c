/* Concurrency and rate together. */

#include "daemon/policy/pacing.h"

#include "common/timeutil.h"
#include "tests/unit/unit.h"

#define START (1000 * USEC_PER_SEC)

static LimitedBy check(const Pacing *pacing) {
        uint64_t wait_us;

        return pacing_check(pacing, START, &wait_us);
}

static void test_no_more_than_n_are_in_flight(void **state) {
        Pacing pacing = {};

        pacing_set(&pacing, 3, 0, START);
        for (int i = 0; i < 3; i++) {
                assert_int_equal(check(&pacing), LIMITED_BY_NOTHING);
                pacing_begin(&pacing, START);
        }
        assert_int_equal(check(&pacing), LIMITED_BY_CONCURRENCY);
        pacing_end(&pacing);
        assert_int_equal(check(&pacing), LIMITED_BY_NOTHING);
}

static void test_a_smaller_n_waits_for_what_is_in_flight(void **state) {
        Pacing pacing = {};

        pacing_set(&pacing, 10, 0, START);
        for (int i = 0; i < 10; i++)
                pacing_begin(&pacing, START);
        pacing_set(&pacing, 2, 0, START);

        for (int i = 0; i < 8; i++) {
                assert_int_equal(check(&pacing), LIMITED_BY_CONCURRENCY);
                pacing_end(&pacing);
        }
        assert_int_equal(check(&pacing), LIMITED_BY_CONCURRENCY);
        pacing_end(&pacing);
        assert_int_equal(check(&pacing), LIMITED_BY_NOTHING);
}

static void test_the_rate_tells_how_long_to_wait(void **state) {
        Pacing pacing = {};
        uint64_t wait_us;

        pacing_set(&pacing, 100, 10, START);
        pacing_begin(&pacing, START);
        assert_int_equal(pacing_check(&pacing, START, &wait_us), LIMITED_BY_RATE);
        assert_int_equal(wait_us, 80 * USEC_PER_MSEC); /* 100, of which the bucket lends 20 */
}

static void test_every_limit_has_a_name(void **state) {
        for (LimitedBy limited_by = 0; limited_by < _LIMITED_BY_N; limited_by++)
                assert_non_null(limited_by_name(limited_by));
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_no_more_than_n_are_in_flight),
                cmocka_unit_test(test_a_smaller_n_waits_for_what_is_in_flight),
                cmocka_unit_test(test_the_rate_tells_how_long_to_wait),
                cmocka_unit_test(test_every_limit_has_a_name),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
