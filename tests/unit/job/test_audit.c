/* What an audit counts, and what it calls wrong. */

#include "daemon/job/audit.h"

#include <string.h>

#include "tests/unit/unit.h"

#define OURS "\"id\": {\"$oid\": \"65a000000000000000000001\"}"
#define OTHER "\"id\": {\"$oid\": \"65a000000000000000000002\"}"

static Audit begin(bool ended, bool done) {
        Audit audit = { .field = "response", .meta = "reqd", .generation = 2, .ended = ended, .done = done };

        bson_oid_init_from_string(&audit.job, "65a000000000000000000001");
        return audit;
}

static void add(Audit *audit, const char *json) {
        bson_error_t error;
        bson_t *document = bson_new_from_json((const uint8_t *)json, -1, &error);

        if (!document)
                fail_msg("%s: %s", json, error.message);
        audit_document(audit, document);
        bson_destroy(document);
}

static void assert_written(const Audit *audit, const Tally *totals, const char *expected) {
        _cleanup_(json_writer_freep) JsonWriter *writer = json_writer_new(false);

        json_open_object(writer);
        audit_write(audit, totals, writer);
        json_close_object(writer);
        if (!strstr(json_writer_text(writer, NULL), expected))
                fail_msg("%s is not in %s", expected, json_writer_text(writer, NULL));
}

static void test_each_document_is_counted_once(void **state) {
        static const struct {
                const char *document;
                uint64_t ok, failed, current, open, others, answered, without_result, with_result;
        } cases[] = {
                { "{\"_id\": 1}", .open = 1 },
                { "{\"_id\": 1, \"response\": null}", .answered = 1 },
                { "{\"_id\": 1, \"response\": 1, \"reqd\": {" OURS ", \"gen\": 2, \"state\": \"ok\"}}",
                        .ok = 1, .current = 1 },
                { "{\"_id\": 1, \"response\": 1, \"reqd\": {" OURS ", \"gen\": 1, \"state\": \"ok\"}}",
                        .ok = 1 },
                { "{\"_id\": 1, \"reqd\": {" OURS ", \"gen\": 2, \"state\": \"ok\"}}", .ok = 1, .current = 1,
                        .without_result = 1 },
                { "{\"_id\": 1, \"reqd\": {" OURS
                  ", \"gen\": 2, \"state\": \"failed\", \"reason\": \"dns\"}}",
                        .failed = 1, .current = 1 },
                { "{\"_id\": 1, \"reqd\": {" OURS
                  ", \"gen\": 2, \"state\": \"failed\", \"reason\": \"new\"}}",
                        .failed = 1, .current = 1 },
                { "{\"_id\": 1, \"response\": 1, \"reqd\": {" OURS ", \"gen\": 1, \"state\": \"failed\"}}",
                        .failed = 1, .with_result = 1 },
                { "{\"_id\": 1, \"response\": 1, \"reqd\": {" OTHER ", \"state\": \"ok\"}}", .others = 1 },
                { "{\"_id\": 1, \"reqd\": {" OTHER ", \"state\": \"failed\"}}", .others = 1 },
                { "{\"_id\": 1, \"reqd\": 5}", .others = 1 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Audit audit = begin(true, true);

                add(&audit, cases[i].document);
                assert_int_equal(audit.documents, 1);
                assert_int_equal(audit.tally.ok, cases[i].ok);
                assert_int_equal(tally_failed(&audit.tally), cases[i].failed);
                assert_int_equal(tally_documents(&audit.current), cases[i].current);
                assert_int_equal(audit.open, cases[i].open);
                assert_int_equal(audit.others, cases[i].others);
                assert_int_equal(audit.answered, cases[i].answered);
                assert_int_equal(audit.without_result, cases[i].without_result);
                assert_int_equal(audit.with_result, cases[i].with_result);
        }
}

static void test_what_another_job_failed_with_is_open_to_a_job_at_work(void **state) {
        Audit audit = begin(false, false);

        add(&audit, "{\"_id\": 1, \"reqd\": {" OTHER ", \"state\": \"failed\"}}");
        assert_int_equal(audit.open, 1);
        assert_int_equal(audit.others, 0);
}

static void test_open_documents_are_wrong_once_the_job_is_done(void **state) {
        static const struct {
                bool ended, done;
                const char *expected;
        } cases[] = {
                { false, false, "\"problems\":[],\"verified\":true" },
                { true, false, "\"problems\":[],\"verified\":true" },
                { true, true, "\"problems\":[{\"problem\":\"open\",\"count\":1," },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Audit audit = begin(cases[i].ended, cases[i].done);

                add(&audit, "{\"_id\": 1}");
                assert_written(&audit, NULL, cases[i].expected);
        }
}

static void test_totals_are_held_against_the_store(void **state) {
        Tally totals = { .ok = 1, .failed[REASON_DNS] = 1 };
        Audit audit = begin(true, true);

        add(&audit, "{\"_id\": 1, \"response\": 1, \"reqd\": {" OURS ", \"gen\": 2, \"state\": \"ok\"}}");
        assert_written(&audit, NULL, "\"totals_match\":null");
        assert_written(&audit, &totals,
                "\"totals_match\":false,\"problems\":[{\"problem\":\"missing\",\"count\":1,");

        add(&audit,
                "{\"_id\": 2, \"reqd\": {" OURS ", \"gen\": 2, \"state\": \"failed\", \"reason\": \"dns\"}}");
        assert_written(&audit, &totals, "\"totals_match\":true,\"problems\":[],\"verified\":true");

        totals.failed[REASON_DNS] = 0;
        assert_written(&audit, &totals,
                "\"totals_match\":false,\"problems\":[{\"problem\":\"surplus\",\"count\":1,");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_each_document_is_counted_once),
                cmocka_unit_test(test_what_another_job_failed_with_is_open_to_a_job_at_work),
                cmocka_unit_test(test_open_documents_are_wrong_once_the_job_is_done),
                cmocka_unit_test(test_totals_are_held_against_the_store),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
