/* What stands against a request to an origin: gate, breaker and budget together. */

#include "daemon/policy/origin_pace.h"

#include "common/timeutil.h"
#include "tests/unit/unit.h"

static const OriginMoment start = { .now_us = 1000 * USEC_PER_SEC, .wall_s = INT64_C(1795435200) };

static OriginHold check(const OriginPace *pace, bool retry, uint64_t after_s) {
        uint64_t wait_us;

        return origin_pace_check(pace, retry, 0, start.now_us + after_s * USEC_PER_SEC, &wait_us);
}

static BreakerTurn ask(OriginPace *pace, const OriginAnswer *answer) {
        return origin_pace_end(pace, origin_pace_begin(pace, false, start.now_us), answer, &start);
}

static void test_every_request_waits_as_long_as_one_answer_asked(void **state) {
        static const struct {
                OriginAnswer answer;
                uint64_t wait_s;
                const char *reason;
        } cases[] = {
                { { .status = 429 }, 0, "" },
                { { .status = 429, .retry_after = "7" }, 7, "it asked by Retry-After" },
                { { .status = 503, .retry_after = "Mon, 23 Nov 2026 12:00:07 GMT" }, 7,
                        "it asked by Retry-After" },
                { { .status = 429, .retry_after = "soon" }, 0, "" },
                { { .status = 429, .retry_after = "-5" }, 0, "" },
                { { .status = 429, .retry_after = "soon", .limits = { .reset = "7" } }, 7,
                        "nothing is left of its rate limit" },
                { { .status = 429, .retry_after = "3", .limits = { .reset = "7" } }, 3,
                        "it asked by Retry-After" },
                { { .status = 429, .retry_after = "3", .limits = { .remaining = "0", .reset = "7" } }, 7,
                        "nothing is left of its rate limit" },
                { { .status = 200, .limits = { .remaining = "0", .reset = "7" } }, 7,
                        "nothing is left of its rate limit" },
                { { .status = 200, .limits = { .remaining = "1", .reset = "7" } }, 0, "" },
                { { .status = 503, .limits = { .reset = "7" } }, 0, "" },
                { { .status = 200, .limits = { .limits = "\"x\";r=0;t=90000" } }, 3600,
                        "nothing is left of its rate limit" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                OriginPace pace = {};
                OriginHold hold;
                uint64_t wait_us;

                ask(&pace, &cases[i].answer);
                hold = origin_pace_check(&pace, false, 0, start.now_us, &wait_us);
                if (wait_us != cases[i].wait_s * USEC_PER_SEC)
                        fail_msg("case %zu: %ju us", i, (uintmax_t)wait_us);
                assert_int_equal(hold, cases[i].wait_s ? ORIGIN_HOLD_GATE : ORIGIN_HOLD_NONE);
                assert_string_equal(origin_pace_reason(&pace, hold), cases[i].reason);
                assert_int_equal(origin_pace_closed(&pace, start.now_us), cases[i].wait_s > 0);
                assert_int_equal(check(&pace, true, cases[i].wait_s), ORIGIN_HOLD_NONE);
        }
}

static void test_what_stands_against_it_is_named_in_order(void **state) {
        static const OriginAnswer bad = { .breaker = BREAKER_ANSWER_FAILED, .status = 500 };
        static const OriginAnswer later = {
                .breaker = BREAKER_ANSWER_FAILED, .status = 503, .retry_after = "60"
        };
        static const OriginAnswer good = { .breaker = BREAKER_ANSWER_GOOD, .status = 404 };
        OriginPace pace = {};
        OriginTicket probe;

        for (unsigned i = 0; i < 10; i++) {
                ask(&pace, &bad);
                ask(&pace, &good);
        }
        assert_true(origin_pace_failing(&pace) == 0.5);
        pace.budget = (RetryBudget) { .next_us = UINT64_MAX };
        assert_int_equal(check(&pace, false, 0), ORIGIN_HOLD_NONE);
        assert_int_equal(check(&pace, true, 0), ORIGIN_HOLD_BUDGET);
        assert_string_equal(origin_hold_name(ORIGIN_HOLD_BUDGET), "slowed");

        assert_int_equal(ask(&pace, &bad), BREAKER_OPENS);
        assert_int_equal(check(&pace, false, 0), ORIGIN_HOLD_BREAKER);
        assert_int_equal(check(&pace, true, 2), ORIGIN_HOLD_NONE); /* a retry may be the probe */
        probe = origin_pace_begin(&pace, true, start.now_us);
        assert_int_equal(check(&pace, false, 2), ORIGIN_HOLD_PROBE);
        origin_pace_end(&pace, probe, &later, &start);
        assert_int_equal(check(&pace, false, 2), ORIGIN_HOLD_GATE);
        assert_int_equal(check(&pace, false, 60), ORIGIN_HOLD_NONE);
        assert_true(origin_pace_closed(&pace, start.now_us + 60 * USEC_PER_SEC));
        assert_int_equal(ask(&pace, &good), BREAKER_CLOSES);
        assert_int_equal(check(&pace, true, 60), ORIGIN_HOLD_NONE);
        assert_false(origin_pace_closed(&pace, start.now_us + 60 * USEC_PER_SEC));
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_request_waits_as_long_as_one_answer_asked),
                cmocka_unit_test(test_what_stands_against_it_is_named_in_order),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
