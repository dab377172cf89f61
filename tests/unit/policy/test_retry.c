/* What is tried again, how often, and after how long. */

#include "daemon/policy/retry.h"

#include <string.h>

#include "common/timeutil.h"
#include "tests/unit/unit.h"

static JobSpec *spec_of(const char *text) {
        _cleanup_(user_error_deinit) UserError error = {};
        _cleanup_(json_freep) JsonValue *json = NULL;
        JobSpec *spec;

        assert_int_equal(json_parse(text, strlen(text), &json, &error), 0);
        assert_int_equal(job_spec_new(json, &spec, &error), 0);
        return spec;
}

#define GET "{\"collection\": \"test.samples\"}"
#define POST "{\"collection\": \"test.samples\", \"request\": {\"method\": \"POST\"}}"
#define POST_WRITTEN_OUT                                                                                     \
        "{\"collection\": \"test.samples\", \"request\": {\"method\": \"POST\"}, \"retry\": {\"on\": "       \
        "[\"5xx\"]}}"

static void test_which_attempts_are_repeated(void **state) {
        static const struct {
                const char *spec;
                RetryCase attempt;
                bool wanted;
        } cases[] = {
                { GET, { REASON_HTTP_STATUS, 500, .sent = true, .attempts = 1 }, true },
                { GET, { REASON_HTTP_STATUS, 503, .sent = true, .attempts = 4 }, true },
                { GET, { REASON_HTTP_STATUS, 503, .sent = true, .attempts = 5 }, false }, /* of five */
                { GET, { REASON_HTTP_STATUS, 429, .sent = true, .attempts = 1 }, true },
                { GET, { REASON_HTTP_STATUS, 408, .sent = true, .attempts = 1 }, true },
                { GET, { REASON_HTTP_STATUS, 425, .sent = true, .attempts = 1 }, true },
                { GET, { REASON_HTTP_STATUS, 404, .sent = true, .attempts = 1 }, false },
                { GET, { REASON_HTTP_STATUS, 302, .sent = true, .attempts = 1 }, false },
                { GET, { REASON_TIMEOUT, .sent = true, .attempts = 1 }, true },
                { GET, { REASON_CONNECT, .sent = true, .attempts = 1 }, true },
                { GET, { REASON_DNS, .attempts = 1 }, true },
                { GET, { REASON_TLS, .attempts = 1 }, false },
                { GET, { REASON_TLS, .starved = true, .attempts = 5 }, true }, /* it never was an attempt */
                { GET, { REASON_PROTOCOL, .sent = true, .attempts = 1 }, false },
                { GET, { REASON_BAD_BODY, 200, .sent = true, .attempts = 1 }, false },
                { GET, { REASON_DENIED_ADDRESS, .attempts = 1 }, false },
                { POST, { REASON_HTTP_STATUS, 500, .sent = true, .attempts = 1 },
                        false }, /* perhaps bought already */
                { POST, { REASON_TIMEOUT, .sent = true, .attempts = 1 }, false },
                { POST, { REASON_CONNECT, .sent = false, .attempts = 1 }, true },
                { POST, { REASON_HTTP_STATUS, 429, .sent = true, .attempts = 1 }, true },
                { POST, { REASON_HTTP_STATUS, 503, .sent = true, .attempts = 1 }, false },
                { POST, { REASON_HTTP_STATUS, 503, .sent = true, .retry_after = true, .attempts = 1 }, true },
                { POST_WRITTEN_OUT, { REASON_HTTP_STATUS, 500, .sent = true, .attempts = 1 }, true },
                { POST_WRITTEN_OUT, { REASON_TIMEOUT, .sent = true, .attempts = 1 }, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(job_spec_freep) JobSpec *spec = spec_of(cases[i].spec);

                if (retry_wanted(spec, &cases[i].attempt) != cases[i].wanted)
                        fail_msg("case %zu", i);
        }
}

static void test_the_wait_grows_and_has_a_bound_and_full_jitter(void **state) {
        _cleanup_(job_spec_freep) JobSpec *spec = spec_of(GET);
        static const uint64_t longest_s[] = { 1, 2, 4, 8, 16, 32, 60, 60, 60 };

        for (uint32_t attempts = 1; attempts <= ELEMENTSOF(longest_s); attempts++) {
                uint64_t longest_us = longest_s[attempts - 1] * USEC_PER_SEC;

                assert_int_equal(retry_delay_us(spec, attempts, 0), 0);
                assert_int_equal(retry_delay_us(spec, attempts, longest_us), longest_us);
                assert_int_equal(retry_delay_us(spec, attempts, longest_us + 1), 0);
        }
        assert_true(retry_delay_us(spec, 100000, UINT64_MAX) <= 60 * USEC_PER_SEC);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_which_attempts_are_repeated),
                cmocka_unit_test(test_the_wait_grows_and_has_a_bound_and_full_jitter),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
