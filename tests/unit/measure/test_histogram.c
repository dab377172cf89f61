/* Percentiles come back within a thirty-second of what went in. */

#include "daemon/measure/histogram.h"

#include "tests/unit/unit.h"

static void test_nothing_recorded_is_zero(void **state) {
        Histogram histogram = {};

        assert_int_equal(histogram_percentile(&histogram, 50), 0);
}

static void test_every_magnitude_is_kept_within_a_thirty_second(void **state) {
        for (uint64_t value = 1; value < UINT64_C(1) << 40; value = value * 3 + 1) {
                Histogram histogram = {};
                uint64_t got;

                histogram_add(&histogram, value);
                histogram_add(
                        &histogram, UINT64_C(1) << 39); /* so that the maximum does not hide the bucket */
                got = histogram_percentile(&histogram, 50);
                if (value > UINT64_C(1) << 39)
                        continue;
                assert_true(got >= value);
                assert_true(got <= value + value / 32);
        }
}

static void test_percentiles_of_a_thousand(void **state) {
        static const struct {
                double percent;
                uint64_t value;
        } cases[] = { { 50, 500 }, { 90, 900 }, { 99, 990 }, { 100, 1000 } };
        Histogram histogram = {};

        for (uint64_t i = 1; i <= 1000; i++)
                histogram_add(&histogram, i);

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                uint64_t got = histogram_percentile(&histogram, cases[i].percent);

                assert_true(got >= cases[i].value && got <= cases[i].value + cases[i].value / 32 + 1);
        }
        assert_int_equal(histogram_percentile(&histogram, 100), 1000);
}

static void test_what_is_too_large_counts_in_the_last_bucket(void **state) {
        Histogram histogram = {};

        histogram_add(&histogram, UINT64_MAX);
        assert_int_equal(histogram.n, 1);
        assert_int_equal(histogram.buckets[HISTOGRAM_BUCKETS - 1], 1);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_nothing_recorded_is_zero),
                cmocka_unit_test(test_every_magnitude_is_kept_within_a_thirty_second),
                cmocka_unit_test(test_percentiles_of_a_thousand),
                cmocka_unit_test(test_what_is_too_large_counts_in_the_last_bucket),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
