/* Runs the contract's tests over one kind of store, each on an empty store of its own. */

#include "tests/unit/store/contract.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/store/contract_cases.h"

/* {"": <json>}: the form in which a single value of any type travels. */
static bson_t *wrap(const char *json) {
        _cleanup_free_ char *text = NULL;

        assert_true(asprintf(&text, "{\"\": %s}", json) > 0);
        return bson_of(text);
}

static bson_value_t value_of(const char *json) {
        bson_t *wrapped = wrap(json);
        bson_value_t value;
        bson_iter_t iter;

        assert_true(bson_iter_init(&iter, wrapped) && bson_iter_next(&iter));
        bson_value_copy(bson_iter_value(&iter), &value);
        bson_destroy(wrapped);
        return value;
}

bson_t *bson_of(const char *json) {
        bson_error_t error = {};
        bson_t *bson = bson_new_from_json((const uint8_t *)json, -1, &error);

        if (!bson)
                fail_msg("%s: %s", json, error.message);
        return bson;
}

StoreTarget target_of(Contract *contract, const char *job, int32_t generation) {
        StoreTarget target = {
                .collection = contract->collection,
                .field = "response",
                .meta = "reqd",
                .job_name = "samples",
                .generation = generation,
        };

        bson_oid_init_from_string(&target.job, job);
        return target;
}

StoreQuery query_of(Contract *contract, StoreSelection selection, const char *job, int32_t generation) {
        return (StoreQuery) { .selection = selection, .target = target_of(contract, job, generation) };
}

void given_documents(Contract *contract, const char *json_array) {
        bson_t *array = wrap(json_array);
        bson_t *documents[200];
        uint64_t inserted, skipped;
        bson_iter_t list, iter;
        size_t n = 0;

        assert_true(bson_iter_init_find(&list, array, "") && bson_iter_recurse(&list, &iter));
        while (bson_iter_next(&iter)) {
                const bson_value_t *value = bson_iter_value(&iter);

                assert_true(n < ELEMENTSOF(documents));
                documents[n++] = bson_new_from_data(value->value.v_doc.data, value->value.v_doc.data_len);
        }

        assert_int_equal(
                store_import(contract->store, contract->collection, documents, n, &inserted, &skipped, NULL),
                0);
        assert_int_equal(inserted, n);
        assert_int_equal(skipped, 0);

        for (size_t i = 0; i < n; i++)
                bson_destroy(documents[i]);
        bson_destroy(array);
}

void given_numbers(Contract *contract, int n) {
        char json[4096] = "[";

        for (int i = 1; i <= n; i++)
                snprintf(json + strlen(json), sizeof(json) - strlen(json), "%s{\"_id\": %d}",
                        i > 1 ? ", " : "", i);

        given_documents(contract, strcat(json, "]"));
}

Outcome *ok_outcome(Store *store, const char *id, const char *value) {
        Outcome *outcome = outcome_new();

        assert_non_null(outcome);
        outcome->key = value_of(id);
        outcome->status = 200;
        outcome->attempts = 1;
        outcome->at_ms = INT64_C(1795435200123);
        outcome->n = 100;
        outcome->bytes = strlen(value);
        outcome->value_form = OUTCOME_VALUE_JSON;
        outcome->value = strdup(value);
        outcome->value_len = strlen(value);
        if (store_wants_bson(store))
                outcome->value_bson = wrap(value);

        return outcome;
}

Outcome *failed_outcome(const char *id, FailureReason reason, int status) {
        Outcome *outcome = outcome_new();

        assert_non_null(outcome);
        outcome->key = value_of(id);
        outcome->state = OUTCOME_FAILED;
        outcome->reason = reason;
        outcome->status = status;
        outcome->attempts = 3;
        outcome->at_ms = INT64_C(1795435200123);
        outcome->n = 100;
        return outcome;
}

StoreResult write_one(Contract *contract, const StoreTarget *target, Outcome *outcome) {
        StoreFailure failure = {};
        StoreResult result;

        if (store_write(contract->store, target, &outcome, 1, &result, &failure))
                fail_msg("writing: %s", failure.message);
        outcome_free(outcome);
        return result;
}

StorePage *next_page(StoreReader *reader, size_t max_rows, size_t max_bytes) {
        StoreFailure failure = {};
        StorePage *page;
        int r;

        r = store_reader_next(reader, max_rows, max_bytes, &page, &failure);
        if (r)
                fail_msg("reading: %d, %s", r, failure.message);

        assert_true(page->end || page->n_rows > 0);
        assert_true(page->n_rows <= max_rows);
        return page;
}

/* Appends the _ids of a page to the array @ids, which has *@n already. */
static void collect_ids(const StorePage *page, bson_t *ids, uint32_t *n) {
        for (size_t i = 0; i < page->n_rows; i++) {
                char buffer[16];
                const char *key;
                bson_iter_t iter;

                assert_true(bson_iter_init(&iter, page->rows[i].document) && bson_iter_next(&iter));
                assert_string_equal(bson_iter_key(&iter), "_id");
                bson_uint32_to_string((*n)++, &key, buffer, sizeof(buffer));
                assert_true(bson_append_iter(ids, key, -1, &iter));
        }
}

char *read_ids(Contract *contract, const StoreQuery *query, const bson_value_t *after, size_t max_rows) {
        _cleanup_(store_reader_freep) StoreReader *reader = NULL;
        bson_t all = BSON_INITIALIZER;
        bool end = false;
        uint32_t n = 0;
        bson_t ids;
        char *json;

        assert_int_equal(store_reader_new(contract->store, query, after, &reader), 0);
        bson_append_array_begin(&all, "ids", -1, &ids);
        while (!end) {
                _cleanup_(store_page_freep) StorePage *page = next_page(reader, max_rows, SIZE_MAX);

                collect_ids(page, &ids, &n);
                end = page->end;
        }

        bson_append_array_end(&all, &ids);
        json = bson_as_relaxed_extended_json(&all, NULL);
        bson_destroy(&all);
        return json;
}

void assert_ids(Contract *contract, const StoreQuery *query, const char *expected_array) {
        _cleanup_free_ char *text = NULL;
        _cleanup_free_ char *expected = NULL;
        _cleanup_free_ char *actual = read_ids(contract, query, NULL, 1000);
        bson_t *parsed;

        assert_true(asprintf(&text, "{\"ids\": %s}", expected_array) > 0);
        parsed = bson_of(text);
        expected = bson_as_relaxed_extended_json(parsed, NULL);
        bson_destroy(parsed);
        assert_string_equal(actual, expected);
}

bson_t *whole_document(Contract *contract, const char *id) {
        StoreQuery query = query_of(contract, STORE_SELECT_ALL, JOB_1, 1);
        _cleanup_(store_reader_freep) StoreReader *reader = NULL;
        _cleanup_(store_page_freep) StorePage *page = NULL;
        _cleanup_free_ char *text = NULL;
        bson_t *filter, *document;

        assert_true(asprintf(&text, "{\"_id\": %s}", id) > 0);
        query.filter = filter = bson_of(text);
        assert_int_equal(store_reader_new(contract->store, &query, NULL, &reader), 0);
        bson_destroy(filter);

        page = next_page(reader, 2, SIZE_MAX);
        assert_int_equal(page->n_rows, 1);
        document = bson_copy(page->rows[0].document);
        return document;
}

void assert_field(const bson_t *document, const char *field, const char *expected) {
        _cleanup_free_ char *expected_text = NULL;
        _cleanup_free_ char *actual_text = NULL;
        bson_t actual = BSON_INITIALIZER;
        bson_t *wanted;
        bson_iter_t iter;

        if (!expected) {
                assert_false(bson_iter_init_find(&iter, document, field));
                return;
        }

        assert_true(bson_iter_init_find(&iter, document, field));
        bson_append_iter(&actual, "", -1, &iter);
        actual_text = bson_as_relaxed_extended_json(&actual, NULL);
        bson_destroy(&actual);

        wanted = wrap(expected);
        expected_text = bson_as_relaxed_extended_json(wanted, NULL);
        bson_destroy(wanted);
        assert_string_equal(actual_text, expected_text);
}

uint64_t count_of(Contract *contract, const StoreQuery *query) {
        StoreFailure failure = {};
        uint64_t count = 0;

        if (store_count(contract->store, query, &count, &failure))
                fail_msg("counting: %s", failure.message);

        return count;
}

static int open_one(void **state) {
        Contract *contract = calloc(1, sizeof(*contract));

        assert_non_null(contract);
        contract->kind = *state;
        contract->kind->open(contract);
        snprintf(contract->collection, sizeof(contract->collection), "%s.samples", contract->database);
        *state = contract;
        return 0;
}

static int close_one(void **state) {
        Contract *contract = *state;

        contract->store = store_free(contract->store);
        contract->kind->close(contract);
        free(contract);
        return 0;
}

int contract_run(const ContractKind *kind) {
        const struct {
                const ContractCase *cases;
                size_t n;
        } parts[] = {
                { contract_read_cases, contract_n_read_cases },
                { contract_select_cases, contract_n_select_cases },
                { contract_write_cases, contract_n_write_cases },
                { contract_keep_cases, contract_n_keep_cases },
                { contract_lease_cases, contract_n_lease_cases },
                { kind->cases, kind->n_cases },
        };
        struct CMUnitTest tests[64] = {};
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTSOF(parts); i++)
                for (size_t j = 0; j < parts[i].n && n < ELEMENTSOF(tests); j++)
                        tests[n++] = (struct CMUnitTest) { parts[i].cases[j].name, parts[i].cases[j].test,
                                open_one, close_one, (void *)kind };

        return _cmocka_run_group_tests(kind->name, tests, n, NULL, NULL);
}
