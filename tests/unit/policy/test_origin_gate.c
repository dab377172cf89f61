/* What an origin may ask of us by Retry-After, and how long at most. */

#include "daemon/policy/origin_gate.h"

#include "common/timeutil.h"
#include "tests/unit/unit.h"

#define NOON INT64_C(1795435200) /* Mon, 23 Nov 2026 12:00:00 GMT */
#define START (1000 * USEC_PER_SEC)

static void test_seconds_and_the_three_forms_of_a_date_are_read(void **state) {
        static const struct {
                const char *value;
                uint64_t delay_s;
        } cases[] = {
                { "0", 0 },
                { "2", 2 },
                { "007", 7 },
                { "3600", 3600 },
                { "3601", 3600 },
                { "99999999999999999999999999", 3600 },
                { "Mon, 23 Nov 2026 12:00:30 GMT", 30 },
                { "Monday, 23-Nov-26 12:00:30 GMT", 30 },
                { "Mon Nov 23 12:00:30 2026", 30 },
                { "Mon, 23 Nov 2026 11:00:00 GMT", 0 },
                { "Tue, 24 Nov 2026 12:00:00 GMT", 3600 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                uint64_t delay_us = 1;

                if (origin_gate_read_retry_after(cases[i].value, NOON, &delay_us) ||
                        delay_us != cases[i].delay_s * USEC_PER_SEC)
                        fail_msg("\"%s\": %ju us", cases[i].value, (uintmax_t)delay_us);
        }
}

static void test_what_is_neither_is_as_if_it_were_absent(void **state) {
        static const char *const cases[] = { "", "-1", "+5", "1.5", "5s", "soon", "0x10", "1 2", "1e3",
                "Mon, 23 Nov 2026 12:00:30 +0100" };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                uint64_t delay_us = 77;

                assert_int_equal(
                        origin_gate_read_retry_after(cases[i], NOON, &delay_us), ORIGIN_GATE_E_UNREADABLE);
                assert_int_equal(delay_us, 77);
        }
}

static void test_it_opens_when_the_time_is_over(void **state) {
        OriginGate gate = {};

        assert_int_equal(origin_gate_wait_us(&gate, START), 0);
        origin_gate_hold(&gate, 30 * USEC_PER_SEC, START);
        assert_int_equal(origin_gate_wait_us(&gate, START + 10 * USEC_PER_SEC), 20 * USEC_PER_SEC);
        assert_int_equal(origin_gate_wait_us(&gate, START + 30 * USEC_PER_SEC), 0);
}

static void test_a_shorter_wish_never_opens_it_earlier(void **state) {
        OriginGate gate = {};

        origin_gate_hold(&gate, 30 * USEC_PER_SEC, START);
        origin_gate_hold(&gate, 1 * USEC_PER_SEC, START);
        origin_gate_hold(&gate, 0, START);
        assert_int_equal(origin_gate_wait_us(&gate, START), 30 * USEC_PER_SEC);
        origin_gate_hold(&gate, 40 * USEC_PER_SEC, START);
        assert_int_equal(origin_gate_wait_us(&gate, START), 40 * USEC_PER_SEC);
}

static void test_an_hour_is_the_longest(void **state) {
        OriginGate gate = {};

        origin_gate_hold(&gate, UINT64_MAX, START);
        assert_int_equal(origin_gate_wait_us(&gate, START), 3600 * USEC_PER_SEC);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_seconds_and_the_three_forms_of_a_date_are_read),
                cmocka_unit_test(test_what_is_neither_is_as_if_it_were_absent),
                cmocka_unit_test(test_it_opens_when_the_time_is_over),
                cmocka_unit_test(test_a_shorter_wish_never_opens_it_earlier),
                cmocka_unit_test(test_an_hour_is_the_longest),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
