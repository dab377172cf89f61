/* The texts of times. */

#include "common/timeutil.h"

#include <errno.h>

#include "tests/unit/unit.h"

#define NOON INT64_C(1795435200) /* Mon, 23 Nov 2026 12:00:00 GMT */

static void test_times_are_rfc_3339_in_utc(void **state) {
        static const struct {
                int64_t wall_ms;
                const char *text;
        } cases[] = {
                { 0, "1970-01-01T00:00:00.000Z" },
                { NOON * 1000 + 7, "2026-11-23T12:00:00.007Z" },
                { -1, "1969-12-31T23:59:59.999Z" },
                { -1000, "1969-12-31T23:59:59.000Z" },
                { INT64_C(951782400000), "2000-02-29T00:00:00.000Z" },
                { INT64_C(253402300799999), "9999-12-31T23:59:59.999Z" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char text[TIME_RFC3339_SIZE];

                assert_string_equal(time_format_rfc3339(cases[i].wall_ms, text), cases[i].text);
        }
}

static void test_a_time_that_no_calendar_has_stays_within_its_buffer(void **state) {
        static const int64_t cases[] = { INT64_MAX, INT64_MIN + 1000 };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char text[TIME_RFC3339_SIZE + 1];

                text[TIME_RFC3339_SIZE] = '!';
                time_format_rfc3339(cases[i], text);
                assert_int_equal(text[TIME_RFC3339_SIZE], '!');
        }
}

static void test_http_dates_in_three_forms(void **state) {
        static const struct {
                const char *text;
                int64_t s;
        } cases[] = {
                { "Mon, 23 Nov 2026 12:00:00 GMT", NOON },
                { "Monday, 23-Nov-26 12:00:00 GMT", NOON },
                { "Mon Nov 23 12:00:00 2026", NOON },
                { "Sun, 06 Nov 1994 08:49:37 GMT", 784111777 },
                { "Sunday, 06-Nov-94 08:49:37 GMT", 784111777 },
                { "Sun Nov  6 08:49:37 1994", 784111777 },
                { "Thu, 01 Jan 1970 00:00:00 GMT", 0 },
                { "Tue, 29 Feb 2028 12:00:00 GMT", 1835438400 },
                { "Sat, 31 Dec 2016 23:59:60 GMT", 1483228800 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                int64_t s = -1;

                assert_int_equal(http_date_parse(cases[i].text, &s), 0);
                assert_true(s == cases[i].s);
        }
}

static void test_what_is_no_http_date_leaves_the_output_alone(void **state) {
        static const char *const cases[] = {
                "",
                "5",
                "soon",
                "2026-11-23T12:00:00Z",
                "Mon, 23 Nov 2026 12:00:00",
                "Mon, 23 Nov 2026 12:00:00 +0100",
                "Mon, 23 Nov 2026 12:00:00 GMT x",
                "Mon, 23 Nov 2026 25:00:00 GMT",
                "Mon, 32 Nov 2026 12:00:00 GMT",
                "Tue, 31 Feb 2026 12:00:00 GMT",
                "Sunday, 29-Feb-26 12:00:00 GMT",
                "Tue Feb 31 12:00:00 2026",
                "Mon, 23 Foo 2026 12:00:00 GMT",
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                int64_t s = -7;

                assert_int_equal(http_date_parse(cases[i], &s), -EINVAL);
                assert_true(s == -7);
        }
}

static void test_a_span_is_seconds_and_the_rest(void **state) {
        struct timeval span = time_as_timeval(3 * USEC_PER_SEC + 7);

        assert_int_equal(span.tv_sec, 3);
        assert_int_equal(span.tv_usec, 7);
}

static void test_clocks_go_forward_and_are_of_this_age(void **state) {
        uint64_t before_us = time_now_us();

        assert_true(time_now_us() >= before_us);
        assert_true(time_wall_ms() > INT64_C(1700000000000));
        assert_true(time_wall_ms() < INT64_C(253402300799999));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_times_are_rfc_3339_in_utc),
                cmocka_unit_test(test_a_time_that_no_calendar_has_stays_within_its_buffer),
                cmocka_unit_test(test_http_dates_in_three_forms),
                cmocka_unit_test(test_what_is_no_http_date_leaves_the_output_alone),
                cmocka_unit_test(test_a_span_is_seconds_and_the_rest),
                cmocka_unit_test(test_clocks_go_forward_and_are_of_this_age),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
