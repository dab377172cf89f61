/* A job's record comes back from the store as it went in. */

#include "daemon/job/job_record.h"

#include <string.h>

#include "tests/unit/unit.h"

static JobRecord make_record(void) {
        JobRecord record = {
                .name = strdup("samples"),
                .spec = strdup("{\"name\": \"samples\"}"),
                .state = JOB_PAUSED,
                .reason = strdup("by user"),
                .generation = 3,
                .retry = BCON_NEW("reason", "[", "timeout", "]"),
                .created_ms = 1795435200123,
                .started_ms = 1795435200456,
                .started_before = 77,
                .watermark = { .value_type = BSON_TYPE_INT64, .value.v_int64 = INT64_C(1) << 60 },
                .tally = { .ok = 5,
                        .failed[REASON_TIMEOUT] = 6,
                        .failed[REASON_DNS] = 1,
                        .gone = 7,
                        .attempts = 99 },
        };

        bson_oid_init(&record.id, NULL);
        assert_int_equal(string_map_add(&record.changed, "concurrency", "200"), 0);
        return record;
}

static void test_all_of_it_comes_back(void **state) {
        _cleanup_(job_record_deinit) JobRecord record = make_record(), back = {};
        bson_t *bson = job_record_to_bson(&record, "test.samples");

        assert_int_equal(job_record_from_bson(bson, &back), 0);
        assert_true(bson_oid_equal(&back.id, &record.id));
        assert_string_equal(back.name, "samples");
        assert_string_equal(back.spec, record.spec);
        assert_int_equal(back.state, JOB_PAUSED);
        assert_string_equal(back.reason, "by user");
        assert_int_equal(back.generation, 3);
        assert_true(bson_equal(back.retry, record.retry));
        assert_int_equal(back.created_ms, record.created_ms);
        assert_int_equal(back.started_ms, record.started_ms);
        assert_int_equal(back.ended_ms, 0);
        assert_int_equal(back.started_before, 77);
        assert_int_equal(back.watermark.value.v_int64, INT64_C(1) << 60);
        assert_memory_equal(&back.tally, &record.tally, sizeof(Tally));
        assert_int_equal(back.changed.n, 1);
        assert_string_equal(string_map_value(back.changed.items[0]), "200");
        bson_destroy(bson);
}

static void test_a_record_without_watermark_has_none(void **state) {
        _cleanup_(job_record_deinit) JobRecord record = make_record(), back = {};
        bson_t *bson;

        record.watermark = (bson_value_t) {};
        bson = job_record_to_bson(&record, "test.samples");
        assert_int_equal(job_record_from_bson(bson, &back), 0);
        assert_int_equal(back.watermark.value_type, BSON_TYPE_EOD);
        bson_destroy(bson);
}

static void test_what_is_no_job_is_refused(void **state) {
        bson_t *cases[] = {
                bson_new(),
                BCON_NEW("_id", "lease", "name", "x", "spec", "{}", "state", "running"),
                BCON_NEW("_id", BCON_OID(&(bson_oid_t) {}), "name", "x", "spec", "{}", "state", "flying"),
                BCON_NEW("_id", BCON_OID(&(bson_oid_t) {}), "name", "x", "state", "running"),
                BCON_NEW("_id", BCON_OID(&(bson_oid_t) {}), "name", "x", "spec", "{}", "state", "paused",
                        "changed", "{", "rate", BCON_INT32(5), "}"),
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                JobRecord back = {};

                assert_true(job_record_from_bson(cases[i], &back) < 0);
                assert_null(back.name);
                bson_destroy(cases[i]);
        }
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_all_of_it_comes_back),
                cmocka_unit_test(test_a_record_without_watermark_has_none),
                cmocka_unit_test(test_what_is_no_job_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
