/* How failures are grouped. */

#include "daemon/job/failure_groups.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/unit.h"

static void add(FailureGroups *groups, int id, const char *reason, int status) {
        bson_t *document = BCON_NEW("_id", BCON_INT32(id), "reqd", "{", "reason", BCON_UTF8(reason), "status",
                BCON_INT32(status), "attempts", BCON_INT32(3), "error", BCON_UTF8("said no"), "}");

        assert_int_equal(failure_groups_add(groups, document, "reqd"), 0);
        bson_destroy(document);
}

static void test_statuses_are_apart_and_other_reasons_are_not(void **state) {
        _cleanup_(failure_groups_deinit) FailureGroups groups = {};

        add(&groups, 1, "http_status", 404);
        add(&groups, 2, "http_status", 500);
        add(&groups, 3, "bad_body", 200);
        add(&groups, 4, "bad_body", 201);
        assert_int_equal(groups.n, 3);
        assert_int_equal(groups.documents, 4);
        assert_int_equal(groups.groups[2].count, 2);
        assert_int_equal(groups.groups[2].status, 0);
        assert_int_equal(groups.groups[2].examples[1].status, 201);
}

static void test_memory_is_bounded_whatever_is_stored(void **state) {
        _cleanup_(failure_groups_deinit) FailureGroups groups = {};
        bson_t nothing = BSON_INITIALIZER;

        for (int i = 0; i < 3000; i++)
                add(&groups, i, "http_status", i - 1000);
        for (int i = 0; i < 100; i++)
                add(&groups, i, "no reason of ours", i);
        assert_int_equal(failure_groups_add(&groups, &nothing, "reqd"), 0);
        assert_int_equal(groups.n, 1001); /* 0 to 999, and what is not known */
        for (size_t i = 0; i < groups.n; i++)
                assert_true(groups.groups[i].n_examples <= FAILURE_EXAMPLES_MAX);
        bson_destroy(&nothing);
}

static void test_the_largest_group_is_written_first(void **state) {
        _cleanup_(failure_groups_deinit) FailureGroups groups = {};
        _cleanup_(json_writer_freep) JsonWriter *writer = json_writer_new(false);

        add(&groups, 1, "timeout", 0);
        for (int i = 2; i < 7; i++)
                add(&groups, i, "http_status", 503);
        json_open_object(writer);
        failure_groups_write(&groups, writer);
        json_close_object(writer);
        assert_non_null(strstr(json_writer_text(writer, NULL),
                "{\"failed\":6,\"groups\":[{\"reason\":\"http_status\",\"status\":503,\"count\":5,"));
        assert_non_null(
                strstr(json_writer_text(writer, NULL), "\"examples\":[{\"document\":{\"_id\":2},\"status\":"
                                                       "503,\"attempts\":3,\"error\":\"said no\"},"));
}

static void test_every_reason_says_what_to_do(void **state) {
        for (FailureReason reason = REASON_NONE + 1; reason < _REASON_N; reason++)
                assert_true(strlen(reason_remedy(reason)) > 10);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_statuses_are_apart_and_other_reasons_are_not),
                cmocka_unit_test(test_memory_is_bounded_whatever_is_stored),
                cmocka_unit_test(test_the_largest_group_is_written_first),
                cmocka_unit_test(test_every_reason_says_what_to_do),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
