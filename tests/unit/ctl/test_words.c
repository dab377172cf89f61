/* Numbers as people say them. */

#include "ctl/words.h"

#include "tests/unit/unit.h"

static void test_durations(void **state) {
        static const struct {
                double seconds;
                const char *text;
        } cases[] = {
                { -5, "0s" },
                { 0, "0s" },
                { 0.04, "0s" },
                { 0.4, "0.4s" },
                { 1, "1s" },
                { 9.94, "9.9s" },
                { 9.96, "10s" },
                { 36.2, "36s" },
                { 59.6, "1m 0s" },
                { 96.2, "1m 36s" },
                { 201, "3m 21s" },
                { 3599.9, "1h 0m" },
                { 7500, "2h 5m" },
                { 86399, "23h 59m" },
                { 90000, "1d 1h" },
                { 8640000, "100d 0h" },
                { 1e300, "11574074074d 1h" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char text[WORDS_SIZE];

                assert_string_equal(words_duration(cases[i].seconds, text), cases[i].text);
        }
}

static void test_counts_have_commas(void **state) {
        static const struct {
                int64_t count;
                const char *text;
        } cases[] = {
                { 0, "0" },
                { 999, "999" },
                { 1000, "1,000" },
                { 52000, "52,000" },
                { 100000, "100,000" },
                { 1234567, "1,234,567" },
                { -1, "-1" },
                { -100, "-100" },
                { -1000, "-1,000" },
                { INT64_MAX, "9,223,372,036,854,775,807" },
                { INT64_MIN, "-9,223,372,036,854,775,808" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char text[WORDS_SIZE];

                assert_string_equal(words_count(cases[i].count, text), cases[i].text);
        }
}

static void test_rates_and_numbers(void **state) {
        static const struct {
                double number;
                const char *text;
        } cases[] = {
                { 0, "0/s" },
                { 0.0278, "0.03/s" },
                { 0.5, "0.5/s" },
                { 0.96, "1/s" },
                { 1, "1/s" },
                { 4.24, "4.2/s" },
                { 9.96, "10/s" },
                { 10.4, "10/s" },
                { 498.3, "498/s" },
                { 33000, "33000/s" },
        };
        char text[WORDS_SIZE];

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                assert_string_equal(words_rate(cases[i].number, text), cases[i].text);

        assert_string_equal(words_number(198.5, text), "198");
        assert_string_equal(words_number(1.25, text), "1.2");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_durations),
                cmocka_unit_test(test_counts_have_commas),
                cmocka_unit_test(test_rates_and_numbers),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
