/* Job records, import, filters that are refused, and a store that is away for a while. */

#include <string.h>

#include "tests/unit/store/contract_cases.h"

static void save(Contract *contract, const char *json) {
        bson_t *record = bson_of(json);

        assert_int_equal(store_job_save(contract->store, record, NULL), 0);
        bson_destroy(record);
}

/* All records must be these, in this order, with their types. */
static void assert_records(Contract *contract, const char *const *expected, size_t n_expected) {
        bson_t **records;
        size_t n;

        assert_int_equal(store_job_load_all(contract->store, &records, &n, NULL), 0);
        assert_int_equal(n, n_expected);
        for (size_t i = 0; i < n; i++) {
                bson_t *record = bson_of(expected[i]);

                assert_true(bson_equal(records[i], record));
                bson_destroy(record);
                bson_destroy(records[i]);
        }
        free(records);
}

static void job_records_are_saved_replaced_and_deleted(void **state) {
        static const char *const records[] = {
                "{\"_id\": {\"$oid\": \"" JOB_1
                "\"}, \"name\": \"a\", \"n\": {\"$numberLong\": \"5\"}, \"d\": 1.0}",
                "{\"_id\": {\"$oid\": \"" JOB_2
                "\"}, \"name\": \"b\", \"at\": {\"$date\": {\"$numberLong\": \"1\"}},"
                " \"spec\": {\"headers\": {\"X.Y\": \"z\"}, \"list\": [1, {\"k\": null}]}}",
        };
        static const char *const replaced[] = {
                "{\"_id\": {\"$oid\": \"" JOB_1 "\"}, \"name\": \"a\", \"state\": \"done\"}",
        };
        Contract *contract = *state;
        bson_oid_t id;

        assert_records(contract, NULL, 0);
        save(contract, records[1]);
        save(contract, records[0]);
        assert_records(contract, records, 2); /* oldest first, whatever the order of saving */

        bson_oid_init_from_string(&id, JOB_2);
        assert_int_equal(store_job_delete(contract->store, &id, NULL), 0);
        assert_records(contract, records, 1);
        assert_int_equal(store_job_delete(contract->store, &id, NULL), 0);

        save(contract, replaced[0]);
        assert_records(contract, replaced, 1);
}

static void outcomes_outlive_their_job_record(void **state) {
        Contract *contract = *state;
        StoreQuery query = query_of(contract, STORE_SELECT_PENDING, JOB_2, 1);
        StoreTarget target = target_of(contract, JOB_1, 1);

        given_numbers(contract, 2);
        save(contract, "{\"_id\": {\"$oid\": \"" JOB_1 "\"}, \"name\": \"samples\"}");
        write_one(contract, &target, ok_outcome(contract->store, "1", "{}"));
        assert_int_equal(store_job_delete(contract->store, &target.job, NULL), 0);
        assert_ids(contract, &query, "[2]");
}

static void import_skips_and_counts_the_taken_ids(void **state) {
        static const char *const json[] = {
                "{\"_id\": 2, \"x\": \"new\"}",
                "{\"_id\": 3}",
                "{\"x\": 4}",
                "{\"_id\": 3, \"x\": \"again\"}",
                "{\"_id\": 1.0}",
        };
        bson_t *documents[ELEMENTSOF(json)];
        Contract *contract = *state;
        StoreQuery query = query_of(contract, STORE_SELECT_ALL, JOB_1, 1);
        uint64_t inserted = 0, skipped = 0;
        bson_t *document;

        given_documents(contract, "[{\"_id\": 1, \"x\": \"old\"}, {\"_id\": 2, \"x\": \"old\"}]");
        for (size_t i = 0; i < ELEMENTSOF(json); i++)
                documents[i] = bson_of(json[i]);
        assert_int_equal(store_import(contract->store, contract->collection, documents, ELEMENTSOF(json),
                                 &inserted, &skipped, NULL),
                0);
        assert_int_equal(inserted, 2);
        assert_int_equal(skipped, 3);
        assert_int_equal(count_of(contract, &query), 4);

        document = whole_document(contract, "2");
        assert_field(document, "x", "\"old\"");
        bson_destroy(document);
        for (size_t i = 0; i < ELEMENTSOF(json); i++)
                bson_destroy(documents[i]);
}

static void a_document_without_id_is_given_an_object_id(void **state) {
        _cleanup_(store_reader_freep) StoreReader *reader = NULL;
        _cleanup_(store_page_freep) StorePage *page = NULL;
        Contract *contract = *state;
        StoreQuery query = query_of(contract, STORE_SELECT_ALL, JOB_1, 1);
        bson_iter_t iter;

        given_documents(contract, "[{\"x\": 1}]");
        assert_int_equal(store_reader_new(contract->store, &query, NULL, &reader), 0);
        page = next_page(reader, 10, SIZE_MAX);
        assert_int_equal(page->n_rows, 1);
        assert_true(bson_iter_init(&iter, page->rows[0].document) && bson_iter_next(&iter));
        assert_string_equal(bson_iter_key(&iter), "_id");
        assert_int_equal(bson_iter_type(&iter), BSON_TYPE_OID);
}

static void a_filter_is_checked_before_it_is_used(void **state) {
        Contract *contract = *state;
        StoreFailure failure = {};
        bson_t *good = bson_of("{\"a\": {\"$in\": [1, null]}, \"$or\": [{\"b.c\": {\"$exists\": false}}]}");
        bson_t *bad = bson_of("{\"a\": {\"$nosuch\": 1}}");

        given_numbers(contract, 1);
        assert_int_equal(store_check_filter(contract->store, contract->collection, good, &failure), 0);
        assert_int_equal(
                store_check_filter(contract->store, contract->collection, bad, &failure), STORE_E_REFUSED);
        assert_true(failure.message[0]);
        bson_destroy(good);
        bson_destroy(bad);
}

static void a_store_that_answers_is_not_away(void **state) {
        Contract *contract = *state;

        assert_int_equal(store_ping(contract->store, NULL), 0);
        assert_string_equal(store_kind(contract->store), contract->kind->name);
        assert_non_null(store_address(contract->store));
}

static void calls_on_a_store_that_was_away_work_when_made_again(void **state) {
        Contract *contract = *state;
        StoreTarget target = target_of(contract, JOB_1, 1);
        bson_t *record = bson_of("{\"_id\": {\"$oid\": \"" JOB_1 "\"}, \"name\": \"a\"}");
        StoreResult result = STORE_RESULT_REFUSED;
        StoreFailure failure = {};
        Outcome *outcome;

        if (!contract->kind->take_away) {
                bson_destroy(record);
                return;
        }

        given_numbers(contract, 1);
        outcome = ok_outcome(contract->store, "1", "{}");
        contract->kind->take_away(contract);
        assert_int_equal(store_write(contract->store, &target, &outcome, 1, &result, &failure), STORE_E_AWAY);
        assert_int_equal(result, STORE_RESULT_REFUSED); /* untouched */
        assert_true(failure.message[0]);
        assert_int_equal(store_job_save(contract->store, record, NULL), STORE_E_AWAY);
        assert_int_equal(store_ping(contract->store, NULL), STORE_E_AWAY);

        contract->kind->bring_back(contract);
        assert_int_equal(store_ping(contract->store, NULL), 0);
        assert_int_equal(store_write(contract->store, &target, &outcome, 1, &result, NULL), 0);
        assert_int_equal(result, STORE_RESULT_STORED);
        assert_int_equal(store_job_save(contract->store, record, NULL), 0);
        outcome_free(outcome);
        bson_destroy(record);
}

const ContractCase contract_keep_cases[] = {
        CONTRACT_CASE(job_records_are_saved_replaced_and_deleted),
        CONTRACT_CASE(outcomes_outlive_their_job_record),
        CONTRACT_CASE(import_skips_and_counts_the_taken_ids),
        CONTRACT_CASE(a_document_without_id_is_given_an_object_id),
        CONTRACT_CASE(a_filter_is_checked_before_it_is_used),
        CONTRACT_CASE(a_store_that_answers_is_not_away),
        CONTRACT_CASE(calls_on_a_store_that_was_away_work_when_made_again),
};

const size_t contract_n_keep_cases = ELEMENTSOF(contract_keep_cases);
