/* What storing promises: exactly one outcome a document and job, whatever is sent twice or late. */

#include <string.h>

#include "tests/unit/store/contract_cases.h"

static const OutcomeTiming timing = {
        .dns_us = 125,
        .connect_us = 250,
        .tls_us = 1500,
        .wait_us = 12000,
        .total_us = 13875,
};

#define MS "\"ms\": {\"dns\": 0.125, \"connect\": 0.25, \"tls\": 1.5, \"wait\": 12.0, \"total\": 13.875}"
#define NO_MS "\"ms\": {\"dns\": 0.0, \"connect\": 0.0, \"tls\": 0.0, \"wait\": 0.0, \"total\": 0.0}"
#define AT "\"at\": {\"$date\": \"2026-11-23T12:00:00.123Z\"}"

static void every_field_of_an_ok_is_read_back(void **state) {
        Contract *contract = *state;
        StoreTarget target = target_of(contract, JOB_1, 1);
        Outcome *outcome =
                ok_outcome(contract->store, "1", "{\"a\": [1, 2.5, null, true], \"b\": \"\u00e4\"}");
        bson_t *document;

        given_documents(contract, "[{\"_id\": 1, \"url\": \"u\"}]");
        outcome->timing = timing;
        outcome->bytes = UINT64_C(5000000000);
        assert_int_equal(write_one(contract, &target, outcome), STORE_RESULT_STORED);

        document = whole_document(contract, "1");
        assert_int_equal(bson_count_keys(document), 4);
        assert_field(document, "url", "\"u\"");
        assert_field(document, "response", "{\"a\": [1, 2.5, null, true], \"b\": \"\u00e4\"}");
        assert_field(document, "reqd",
                "{\"id\": {\"$oid\": \"" JOB_1 "\"}, \"job\": \"samples\", \"gen\": 1, \"state\": \"ok\","
                " \"status\": 200, \"attempts\": 1, " AT ", " MS ", \"bytes\": 5000000000, \"n\": 100}");
        bson_destroy(document);
}

static void every_field_of_a_failure_is_read_back(void **state) {
        Contract *contract = *state;
        StoreTarget target = target_of(contract, JOB_1, 3);
        Outcome *outcome = failed_outcome("\"x\"", REASON_HTTP_STATUS, 404);
        bson_t *document;

        given_documents(contract, "[{\"_id\": \"x\"}]");
        outcome->timing = timing;
        outcome->bytes = 21;
        outcome->error = strdup("404 Not \"Found\"");
        outcome->body = strdup("<html>\n\"\u00e4\"</html>");
        outcome->body_len = strlen(outcome->body);
        assert_int_equal(write_one(contract, &target, outcome), STORE_RESULT_STORED);

        document = whole_document(contract, "\"x\"");
        assert_int_equal(bson_count_keys(document), 2);
        assert_field(document, "response", NULL);
        assert_field(document, "reqd",
                "{\"id\": {\"$oid\": \"" JOB_1 "\"}, \"job\": \"samples\", \"gen\": 3, \"state\": \"failed\","
                " \"reason\": \"http_status\", \"status\": 404, \"attempts\": 3, " AT ", " MS
                ", \"bytes\": 21, \"n\": 100, \"error\": \"404 Not \\\"Found\\\"\","
                " \"body\": \"<html>\\n\\\"\u00e4\\\"</html>\"}");
        bson_destroy(document);
}

static void a_body_that_is_not_text_is_kept_as_binary(void **state) {
        static const char bytes[] = { 'a', '\0', (char)0xff, 'b' };
        Contract *contract = *state;
        StoreTarget target = target_of(contract, JOB_1, 1);
        Outcome *outcome = failed_outcome("1", REASON_BAD_BODY, 0);
        bson_t *document;

        given_numbers(contract, 1);
        outcome->body = memcpy(malloc(sizeof(bytes)), bytes, sizeof(bytes));
        outcome->body_len = sizeof(bytes);
        write_one(contract, &target, outcome);

        document = whole_document(contract, "1");
        assert_field(document, "reqd",
                "{\"id\": {\"$oid\": \"" JOB_1 "\"}, \"job\": \"samples\", \"gen\": 1, \"state\": \"failed\","
                " \"reason\": \"bad_body\", \"attempts\": 3, " AT ", " NO_MS
                ", \"bytes\": 0, \"n\": 100, \"body\": {\"$binary\": {\"base64\": \"YQD/Yg==\", \"subType\": "
                "\"00\"}}}");
        bson_destroy(document);
}

static void null_text_and_raw_values_are_read_back(void **state) {
        static const char raw[] = "{\"a\\u0000\": \"\\ud800\"}";
        static const char text[] = { 'a', '\0', '"' };
        Contract *contract = *state;
        StoreTarget target = target_of(contract, JOB_1, 1);
        Outcome *outcomes[3];
        StoreResult results[3];
        bson_t *document;

        given_numbers(contract, 3);
        outcomes[0] = failed_outcome("1", REASON_NONE, 204);
        outcomes[0]->value_form = OUTCOME_VALUE_NULL;
        outcomes[1] = failed_outcome("2", REASON_NONE, 200);
        outcomes[1]->value_form = OUTCOME_VALUE_TEXT;
        outcomes[1]->value = memcpy(malloc(sizeof(text)), text, sizeof(text));
        outcomes[1]->value_len = sizeof(text);
        outcomes[2] = failed_outcome("3", REASON_NONE, 200);
        outcomes[2]->value_form = OUTCOME_VALUE_TEXT;
        outcomes[2]->value = strdup(raw);
        outcomes[2]->value_len = strlen(raw);
        outcomes[2]->raw = true;
        for (size_t i = 0; i < 3; i++)
                outcomes[i]->state = OUTCOME_OK;

        assert_int_equal(store_write(contract->store, &target, outcomes, 3, results, NULL), 0);
        for (size_t i = 0; i < 3; i++) {
                assert_int_equal(results[i], STORE_RESULT_STORED);
                outcome_free(outcomes[i]);
        }

        document = whole_document(contract, "1");
        assert_field(document, "response", "null");
        bson_destroy(document);
        document = whole_document(contract, "2");
        assert_field(document, "response", "\"a\\u0000\\\"\"");
        bson_destroy(document);
        document = whole_document(contract, "3");
        assert_field(document, "response", "\"{\\\"a\\\\u0000\\\": \\\"\\\\ud800\\\"}\"");
        assert_field(document, "reqd",
                "{\"id\": {\"$oid\": \"" JOB_1 "\"}, \"job\": \"samples\", \"gen\": 1, \"state\": \"ok\","
                " \"status\": 200, \"attempts\": 3, " AT ", " NO_MS
                ", \"bytes\": 0, \"n\": 100, \"raw\": true}");
        bson_destroy(document);
}

static void ids_of_every_type_are_found(void **state) {
        static const char *const ids[] = {
                "1",
                "{\"$numberLong\": \"3000000000\"}",
                "2.5",
                "\"x\"",
                "{\"$oid\": \"507f1f77bcf86cd799439011\"}",
                "{\"a\": {\"b\": [1, \"c\"]}}",
                "true",
                "{\"$date\": \"2026-11-23T12:00:00Z\"}",
        };
        Contract *contract = *state;
        StoreQuery query = query_of(contract, STORE_SELECT_PENDING, JOB_1, 1);
        StoreTarget target = target_of(contract, JOB_1, 1);

        for (size_t i = 0; i < ELEMENTSOF(ids); i++) {
                _cleanup_free_ char *json = NULL;

                assert_true(asprintf(&json, "[{\"_id\": %s}]", ids[i]) > 0);
                given_documents(contract, json);
                assert_int_equal(write_one(contract, &target, ok_outcome(contract->store, ids[i], "1")),
                        STORE_RESULT_STORED);
        }

        assert_ids(contract, &query, "[]");
}

static void the_same_bulk_twice_is_the_same_as_once(void **state) {
        Contract *contract = *state;
        StoreTarget target = target_of(contract, JOB_1, 1);
        StoreQuery query = query_of(contract, STORE_SELECT_ALL, JOB_1, 1);
        StoreResult results[4];
        Outcome *outcomes[4];
        bson_t *filter = bson_of("{\"reqd.state\": {\"$exists\": true}}");

        given_numbers(contract, 4);
        outcomes[0] = ok_outcome(contract->store, "1", "{\"a\": 1}");
        outcomes[1] = failed_outcome("2", REASON_TIMEOUT, 0);
        outcomes[2] = ok_outcome(contract->store, "3", "[]");
        outcomes[3] = failed_outcome("4", REASON_DNS, 0);
        for (int i = 0; i < 2; i++) {
                assert_int_equal(store_write(contract->store, &target, outcomes, 4, results, NULL), 0);
                for (size_t j = 0; j < 4; j++)
                        assert_int_equal(results[j], STORE_RESULT_STORED);
        }

        query.filter = filter;
        assert_ids(contract, &query, "[1, 2, 3, 4]");
        bson_destroy(filter);
        for (size_t j = 0; j < 4; j++)
                outcome_free(outcomes[j]);
}

static void assert_state(Contract *contract, const char *id, const char *path, const char *value) {
        StoreQuery query = query_of(contract, STORE_SELECT_ALL, JOB_1, 1);
        _cleanup_free_ char *text = NULL;
        _cleanup_free_ char *ids = NULL;
        bson_t *filter;

        assert_true(asprintf(&text, "{\"_id\": %s, \"%s\": %s}", id, path, value) > 0);
        assert_true(asprintf(&ids, "[%s]", id) > 0);
        query.filter = filter = bson_of(text);
        assert_ids(contract, &query, ids);
        bson_destroy(filter);
}

static void ok_beats_failed_within_a_job(void **state) {
        Contract *contract = *state;
        StoreTarget target = target_of(contract, JOB_1, 1);

        given_numbers(contract, 1);
        assert_int_equal(
                write_one(contract, &target, failed_outcome("1", REASON_TIMEOUT, 0)), STORE_RESULT_STORED);
        assert_int_equal(
                write_one(contract, &target, ok_outcome(contract->store, "1", "{}")), STORE_RESULT_STORED);
        assert_int_equal(
                write_one(contract, &target, failed_outcome("1", REASON_TIMEOUT, 0)), STORE_RESULT_OK_STANDS);
        assert_state(contract, "1", "reqd.state", "\"ok\"");
        assert_state(contract, "1", "reqd.reason", "null");

        /* Of a later generation too: what is answered stays answered. */
        target.generation = 2;
        assert_int_equal(
                write_one(contract, &target, failed_outcome("1", REASON_TIMEOUT, 0)), STORE_RESULT_OK_STANDS);
        assert_state(contract, "1", "reqd.gen", "1");
}

static void a_late_bulk_of_an_older_generation_changes_nothing_newer(void **state) {
        Contract *contract = *state;
        StoreTarget old = target_of(contract, JOB_1, 1), new = target_of(contract, JOB_1, 2);

        given_numbers(contract, 1);
        write_one(contract, &old, failed_outcome("1", REASON_TIMEOUT, 0));
        assert_int_equal(write_one(contract, &new, failed_outcome("1", REASON_TLS, 0)), STORE_RESULT_STORED);
        assert_int_equal(
                write_one(contract, &old, failed_outcome("1", REASON_TIMEOUT, 0)), STORE_RESULT_OK_STANDS);
        assert_state(contract, "1", "reqd.gen", "2");
        assert_state(contract, "1", "reqd.reason", "\"tls\"");
}

static void a_failure_of_another_job_is_replaced(void **state) {
        Contract *contract = *state;
        StoreTarget first = target_of(contract, JOB_1, 7), second = target_of(contract, JOB_2, 1);
        Outcome *later = failed_outcome("1", REASON_DNS, 0);
        bson_t *document;

        given_numbers(contract, 1);
        write_one(contract, &first, failed_outcome("1", REASON_TIMEOUT, 0));
        later->at_ms += 1000;
        assert_int_equal(write_one(contract, &second, later), STORE_RESULT_STORED);
        assert_state(contract, "1", "reqd.reason", "\"dns\"");
        assert_state(contract, "1", "reqd.id", "{\"$oid\": \"" JOB_2 "\"}");

        document = whole_document(contract, "1");
        assert_int_equal(bson_count_keys(document), 2);
        bson_destroy(document);
}

static void a_document_deleted_under_way_is_gone(void **state) {
        const bson_value_t two = { .value_type = BSON_TYPE_INT32, .value.v_int32 = 2 };
        const bson_value_t three = { .value_type = BSON_TYPE_INT32, .value.v_int32 = 3 };
        Contract *contract = *state;
        StoreTarget target = target_of(contract, JOB_1, 1);
        StoreQuery query = query_of(contract, STORE_SELECT_ALL, JOB_1, 1);
        StoreResult results[3];
        Outcome *outcomes[3];

        given_numbers(contract, 3);
        contract->kind->delete_document(contract, contract->collection, &two);
        contract->kind->delete_document(contract, contract->collection, &three);

        outcomes[0] = ok_outcome(contract->store, "1", "{}");
        outcomes[1] = ok_outcome(contract->store, "2", "{}");
        outcomes[2] = failed_outcome("3", REASON_DNS, 0);
        assert_int_equal(store_write(contract->store, &target, outcomes, 3, results, NULL), 0);
        assert_int_equal(results[0], STORE_RESULT_STORED);
        assert_int_equal(results[1], STORE_RESULT_GONE);
        assert_int_equal(results[2], STORE_RESULT_GONE);
        assert_ids(contract, &query, "[1]");
        for (size_t i = 0; i < 3; i++)
                outcome_free(outcomes[i]);
}

static void a_document_that_is_imported_again_is_pending_again(void **state) {
        const bson_value_t one = { .value_type = BSON_TYPE_INT32, .value.v_int32 = 1 };
        Contract *contract = *state;
        StoreTarget target = target_of(contract, JOB_1, 1);
        StoreQuery query = query_of(contract, STORE_SELECT_PENDING, JOB_2, 1);

        given_numbers(contract, 1);
        write_one(contract, &target, ok_outcome(contract->store, "1", "{}"));
        assert_ids(contract, &query, "[]");

        contract->kind->delete_document(contract, contract->collection, &one);
        given_numbers(contract, 1);
        assert_ids(contract, &query, "[1]");
}

/* A JSON string of @len bytes with its quotes. */
static Outcome *long_outcome(Store *store, const char *id, size_t len) {
        _cleanup_free_ char *json = malloc(len + 1);

        assert_non_null(json);
        memset(json, 'x', len);
        json[0] = json[len - 1] = '"';
        json[len] = '\0';
        return ok_outcome(store, id, json);
}

static void an_oversized_answer_is_refused_without_its_neighbours(void **state) {
        Contract *contract = *state;
        StoreTarget target = target_of(contract, JOB_1, 1);
        StoreResult results[3];
        Outcome *outcomes[3];
        bson_t *document;

        given_numbers(contract, 3);
        outcomes[0] = ok_outcome(contract->store, "1", "{}");
        outcomes[1] = long_outcome(contract->store, "2", 17 * 1024 * 1024);
        outcomes[2] = ok_outcome(contract->store, "3", "{}");
        assert_int_equal(store_write(contract->store, &target, outcomes, 3, results, NULL), 0);
        assert_int_equal(results[0], STORE_RESULT_STORED);
        assert_int_equal(results[1], STORE_RESULT_REFUSED);
        assert_int_equal(results[2], STORE_RESULT_STORED);
        assert_int_equal(outcomes[1]->state, OUTCOME_OK); /* the caller's outcome is as it was */

        document = whole_document(contract, "2");
        assert_field(document, "response", NULL);
        bson_destroy(document);
        assert_state(contract, "1", "reqd.state", "\"ok\"");
        assert_state(contract, "2", "reqd.state", "\"failed\"");
        assert_state(contract, "2", "reqd.reason", "\"store_refused\"");
        assert_state(contract, "3", "reqd.state", "\"ok\"");
        for (size_t i = 0; i < 3; i++)
                outcome_free(outcomes[i]);
}

static void an_answer_of_one_mebibyte_is_read_back(void **state) {
        Contract *contract = *state;
        StoreTarget target = target_of(contract, JOB_1, 1);
        bson_t *document;
        bson_iter_t iter;
        uint32_t len;

        given_numbers(contract, 1);
        assert_int_equal(write_one(contract, &target, long_outcome(contract->store, "1", 1024 * 1024)),
                STORE_RESULT_STORED);
        document = whole_document(contract, "1");
        assert_true(bson_iter_init_find(&iter, document, "response"));
        assert_non_null(bson_iter_utf8(&iter, &len));
        assert_int_equal(len, 1024 * 1024 - 2);
        bson_destroy(document);
}

const ContractCase contract_write_cases[] = {
        CONTRACT_CASE(every_field_of_an_ok_is_read_back),
        CONTRACT_CASE(every_field_of_a_failure_is_read_back),
        CONTRACT_CASE(a_body_that_is_not_text_is_kept_as_binary),
        CONTRACT_CASE(null_text_and_raw_values_are_read_back),
        CONTRACT_CASE(ids_of_every_type_are_found),
        CONTRACT_CASE(the_same_bulk_twice_is_the_same_as_once),
        CONTRACT_CASE(ok_beats_failed_within_a_job),
        CONTRACT_CASE(a_late_bulk_of_an_older_generation_changes_nothing_newer),
        CONTRACT_CASE(a_failure_of_another_job_is_replaced),
        CONTRACT_CASE(a_document_deleted_under_way_is_gone),
        CONTRACT_CASE(a_document_that_is_imported_again_is_pending_again),
        CONTRACT_CASE(an_oversized_answer_is_refused_without_its_neighbours),
        CONTRACT_CASE(an_answer_of_one_mebibyte_is_read_back),
};

const size_t contract_n_write_cases = ELEMENTSOF(contract_write_cases);
