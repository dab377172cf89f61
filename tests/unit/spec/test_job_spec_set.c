/* Live changes: absolute, relative, and those that are refused without a trace. */

#include "daemon/spec/job_spec.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/unit.h"

#define COLLECTION "\"collection\": \"test.samples\""

static JobSpec *spec_of(const char *json) {
        _cleanup_(json_freep) JsonValue *object = NULL;
        UserError error = {};
        JobSpec *spec = NULL;

        assert_int_equal(json_parse(json, strlen(json), &object, &error), 0);
        assert_int_equal(job_spec_new(object, &spec, &error), 0);
        return spec;
}

/* Every value as `set` leaves it, in terms of option_text(). */
static void test_live_changes(void **state) {
        static const struct {
                const char *key, *before, *value;
                const char *after;
        } cases[] = {
                { "concurrency", "100", "200", "200" },
                { "concurrency", "100", "+10%", "110" },
                { "concurrency", "100", "-10%", "90" },
                { "concurrency", "100", "+5", "105" },
                { "concurrency", "100", "-5", "95" },
                { "concurrency", "5", "+10%", "6" }, /* at least one more */
                { "concurrency", "5", "-1%", "4" },
                { "concurrency", "15", "+10%", "17" }, /* 1.5 is rounded */
                { "concurrency", "3", "-100%", "1" },  /* never past the bounds */
                { "concurrency", "3", "-500", "1" },
                { "concurrency", "99999", "+10%", "100000" },
                { "concurrency", "1", "+99999999999999999999", "100000" },
                { "concurrency", "7", "+0", "7" },
                { "attempts", "5", "+1", "6" },
                { "attempts", "100", "+1", "100" },
                { "limit", "none", "1000", "1000" },
                { "limit", "1000", "+500", "1500" },
                { "limit", "1000", "none", "none" },
                { "rate", "none", "50/s", "50/s" },
                { "rate", "50/s", "+10%", "55/s" },
                { "rate", "100/h", "+10%", "110/h" },
                { "rate", "30/min", "-50%", "15/min" },
                { "rate", "50/s", "none", "none" },
                { "timeout", "30s", "200ms", "200ms" },
                { "timeout", "30s", "45", "45s" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const Option *row = option_find_flag(job_spec_options, cases[i].key);
                _cleanup_(job_spec_freep) JobSpec *spec = spec_of("{" COLLECTION "}");
                _cleanup_free_ char *after = NULL;
                UserError error = {};

                assert_int_equal(job_spec_set(spec, cases[i].key, cases[i].before, &error), 0);
                assert_int_equal(job_spec_set(spec, cases[i].key, cases[i].value, &error), 0);
                after = option_text(row, spec);
                assert_string_equal(after, cases[i].after);
        }
}

static void test_wrong_changes_say_why_and_change_nothing(void **state) {
        static const struct {
                const char *key, *value;
                const char *error;
        } cases[] = {
                { "concurency", "5", "concurency: there is no such setting (did you mean concurrency?)" },
                { "foo", "5",
                        "foo: there is no such setting (write concurrency, rate, timeout, attempts, "
                        "limit or failures)" },
                { "", "5",
                        ": there is no such setting (write concurrency, rate, timeout, attempts, limit or "
                        "failures)" },
                { "url", "x",
                        "url: this cannot be changed while the job exists (what can be changed: concurrency, "
                        "rate, "
                        "timeout, attempts, limit or failures)" },
                { "retry-on", "x",
                        "retry-on: this cannot be changed while the job exists (what can be changed: "
                        "concurrency, "
                        "rate, timeout, attempts, limit or failures)" },
                { "concurrency", "auto", "concurrency: auto is not supported yet (write a number)" },
                { "concurrency", "0", "concurrency: 0 is too small (write 1 to 100000)" },
                { "concurrency", "+x", "concurrency: \"+x\" is not a whole number (write digits only)" },
                { "concurrency", "+5%%", "concurrency: \"+5%%\" is not a whole number (write digits only)" },
                { "concurrency", "none", "concurrency: \"none\" is not a whole number (write digits only)" },
                { "per_host", "5", "per_host: per_host is not supported yet" },
                { "per-host", "+5", "per-host: per_host is not supported yet" },
                { "rate", "+10%",
                        "rate: there is none now that could be changed (write a rate such as 50/s)" },
                { "rate", "+5",
                        "rate: a rate is changed by percent only (write +10%, or a rate such as 50/s)" },
                { "limit", "+5", "limit: there is none now that could be changed (write a number)" },
                { "limit", "0", "limit: 0 is too small (write at least 1 or none)" },
                { "timeout", "30x", "timeout: \"30x\" is not a duration (write 200ms, 30s, 5m, 2h or 1d)" },
                { "timeout", "+10%", "timeout: \"+10%\" is not a duration (write 200ms, 30s, 5m, 2h or 1d)" },
                { "failures", "+10%",
                        "failures: \"+10%\" is neither a count nor a share (write a number such as 100, or a "
                        "share such as 5%)" },
                { "attempts", "101", "attempts: 101 is too large (write 1 to 100)" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(job_spec_freep) JobSpec *spec = spec_of("{" COLLECTION "}");
                _cleanup_free_ char *before = job_spec_text(spec), *after = NULL, *told = NULL;
                _cleanup_(user_error_deinit) UserError error = {};

                assert_int_equal(job_spec_set(spec, cases[i].key, cases[i].value, &error), -EINVAL);
                told = user_error_format(&error);
                assert_string_equal(told, cases[i].error);
                after = job_spec_text(spec);
                assert_string_equal(before, after);
        }
}

static void test_a_rate_is_never_lowered_to_none(void **state) {
        _cleanup_(job_spec_freep) JobSpec *spec = spec_of("{" COLLECTION ", \"pace\": {\"rate\": \"50/s\"}}");
        static const char *const values[] = { "-100%", "-200%" };

        for (size_t i = 0; i < ELEMENTSOF(values); i++) {
                _cleanup_(user_error_deinit) UserError error = {};

                assert_int_equal(job_spec_set(spec, "rate", values[i], &error), -EINVAL);
                assert_true(spec->pace.rate == 50);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_live_changes),
                cmocka_unit_test(test_wrong_changes_say_why_and_change_nothing),
                cmocka_unit_test(test_a_rate_is_never_lowered_to_none),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
