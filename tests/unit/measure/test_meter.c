/* How many a second, lately; the clock is a number. */

#include "daemon/measure/meter.h"

#include "common/timeutil.h"
#include "tests/unit/unit.h"

#define START (1000 * USEC_PER_SEC)

/* @per_second events a second, evenly, for @seconds from @from_us on. Returns the end. */
static uint64_t feed(Meter *meter, uint64_t from_us, uint64_t per_second, uint64_t seconds) {
        for (uint64_t i = 0; i < per_second * seconds; i++)
                meter_add(meter, 1, from_us + i * USEC_PER_SEC / per_second);

        return from_us + seconds * USEC_PER_SEC;
}

static void assert_near(double got, double wanted) {
        assert_true(got > wanted * 0.9 && got < wanted * 1.1);
}

static void test_nothing_is_zero(void **state) {
        Meter meter = {};

        assert_true(meter_rate(&meter, START) == 0);
}

static void test_a_steady_rate_is_told_from_the_first_second_on(void **state) {
        Meter meter = {};
        uint64_t now_us = START;

        for (int second = 0; second < 20; second++) {
                now_us = feed(&meter, now_us, 200, 1);
                assert_near(meter_rate(&meter, now_us), 200);
        }
}

static void test_a_pause_is_forgotten_after_five_seconds(void **state) {
        Meter meter = {};
        uint64_t now_us = feed(&meter, START, 100, 10);

        assert_true(meter_rate(&meter, now_us + 3 * USEC_PER_SEC) > 20);
        assert_true(meter_rate(&meter, now_us + 6 * USEC_PER_SEC) == 0);
        now_us = feed(&meter, now_us + 3600 * USEC_PER_SEC, 100, 6);
        assert_near(meter_rate(&meter, now_us), 100);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_nothing_is_zero),
                cmocka_unit_test(test_a_steady_rate_is_told_from_the_first_second_on),
                cmocka_unit_test(test_a_pause_is_forgotten_after_five_seconds),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
