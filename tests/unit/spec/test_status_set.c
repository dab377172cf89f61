/* Statuses by number and class, and what is retried by default and by a job's own words. */

#include <errno.h>
#include <string.h>

#include "daemon/spec/job_spec.h"
#include "daemon/spec/reason.h"
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

static void test_statuses_and_their_classes(void **state) {
        static const char *const wrong[] = { "", "2x", "2xxx", "0xx", "6xx", "099", "600", "20a", "x20",
                " 200", "-20" };
        StatusSet set = {};

        assert_int_equal(status_set_add(&set, "5XX"), 0);
        assert_int_equal(status_set_add(&set, "100"), 0);
        assert_int_equal(status_set_add(&set, "499"), 0);

        for (int status = -1; status < 1000; status++)
                assert_int_equal(status_set_has(&set, status),
                        (status >= 500 && status <= 599) || status == 100 || status == 499);

        for (size_t i = 0; i < ELEMENTSOF(wrong); i++) {
                StatusSet before = set;

                assert_int_equal(status_set_add(&set, wrong[i]), -EINVAL);
                assert_memory_equal(&before, &set, sizeof(set));
        }
}

static void test_what_is_retried(void **state) {
        _cleanup_(job_spec_freep) JobSpec *spec = spec_of("{" COLLECTION "}");
        _cleanup_(job_spec_freep) JobSpec *own =
                spec_of("{" COLLECTION ", \"retry\": {\"on\": [404, \"tls\"]}}");
        const uint32_t by_default =
                UINT32_C(1) << REASON_TIMEOUT | UINT32_C(1) << REASON_CONNECT | UINT32_C(1) << REASON_DNS;

        for (int status = 100; status < 600; status++)
                assert_int_equal(status_set_has(&spec->retry_on.statuses, status),
                        status == 408 || status == 425 || status == 429 || status >= 500);
        assert_int_equal(spec->retry_on.reasons, by_default);
        assert_false(spec->retry_on.written_out);

        assert_true(status_set_has(&own->retry_on.statuses, 404));
        assert_false(status_set_has(&own->retry_on.statuses, 500));
        assert_int_equal(own->retry_on.reasons, UINT32_C(1) << REASON_TLS);
        assert_true(own->retry_on.written_out);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_statuses_and_their_classes),
                cmocka_unit_test(test_what_is_retried),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
