/* What only a MongoDB server can show: limited finds, rare types of _id, answers that it refuses. */

#include <mongoc/mongoc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/timeutil.h"
#include "daemon/store/store.h"
#include "tests/unit/unit.h"

#define URI_VARIABLE "REQD_TEST_MONGODB_URI"
#define MANY 250

typedef struct Fixture Fixture;

struct Fixture {
        Store *store;
        char database[64];
        char collection[80];
        StoreTarget target;
};

static mongoc_client_t *client_of(void) {
        mongoc_client_t *client = mongoc_client_new(getenv(URI_VARIABLE));

        assert_non_null(client);
        return client;
}

/* Two documents a find, so that borders are everywhere. */
static Store *open_store(const Fixture *fixture) {
        const StoreOptions options = { .page_documents = 2, .default_database = fixture->database };
        UserError error = {};
        Store *store;

        if (store_open(getenv(URI_VARIABLE), &options, &store, &error))
                fail_msg("%s", error.message);
        return store;
}

static int open_fresh(void **state) {
        static unsigned n;
        Fixture *fixture = calloc(1, sizeof(*fixture));

        assert_non_null(fixture);
        snprintf(fixture->database, sizeof(fixture->database), "reqd_server_%llx_%x_%u",
                (unsigned long long)time_wall_ms(), (unsigned)getpid(), n++);
        snprintf(fixture->collection, sizeof(fixture->collection), "%s.samples", fixture->database);
        fixture->store = open_store(fixture);
        fixture->target = (StoreTarget) {
                .collection = fixture->collection,
                .field = "response",
                .meta = "reqd",
                .job_name = "samples",
                .generation = 1,
        };
        bson_oid_init_from_string(&fixture->target.job, "65a000000000000000000001");
        *state = fixture;
        return 0;
}

static int drop(void **state) {
        Fixture *fixture = *state;
        mongoc_client_t *client = client_of();
        mongoc_database_t *database = mongoc_client_get_database(client, fixture->database);

        assert_true(mongoc_database_drop(database, NULL));
        mongoc_database_destroy(database);
        mongoc_client_destroy(client);
        store_free(fixture->store);
        free(fixture);
        return 0;
}

/* Returns what store_import() says to one document, which is freed. */
static int import_one(Fixture *fixture, bson_t *document) {
        uint64_t inserted, skipped;
        int r;

        r = store_import(fixture->store, fixture->collection, &document, 1, &inserted, &skipped, NULL);
        bson_destroy(document);
        return r;
}

static Outcome *outcome_of(int32_t id, OutcomeState state) {
        Outcome *outcome = outcome_new();

        assert_non_null(outcome);
        outcome->key = (bson_value_t) { .value_type = BSON_TYPE_INT32, .value.v_int32 = id };
        outcome->state = state;
        outcome->reason = state == OUTCOME_OK ? REASON_NONE : REASON_DNS;
        outcome->attempts = 2;
        outcome->value_form = state == OUTCOME_OK ? OUTCOME_VALUE_NULL : OUTCOME_VALUE_NONE;
        return outcome;
}

static char type_of(const bson_iter_t *iter) {
        return (char)('A' + (bson_iter_type(iter) & 0x1f));
}

/* Reads all that @query selects; the types of the _ids in their order, one character each. */
static void read_types(Fixture *fixture, const StoreQuery *query, size_t max_rows, char *ret_types) {
        _cleanup_(store_reader_freep) StoreReader *reader = NULL;
        bool end = false;

        assert_int_equal(store_reader_new(fixture->store, query, NULL, &reader), 0);
        while (!end) {
                _cleanup_(store_page_freep) StorePage *page = NULL;
                StoreFailure failure;

                if (store_reader_next(reader, max_rows, SIZE_MAX, &page, &failure))
                        fail_msg("%s", failure.message);
                for (size_t i = 0; i < page->n_rows; i++) {
                        bson_iter_t iter;

                        assert_true(bson_iter_init(&iter, page->rows[i].document) && bson_iter_next(&iter));
                        *ret_types++ = type_of(&iter);
                }
                end = page->end;
        }
        *ret_types = '\0';
}

static void test_rare_ids_are_not_skipped(void **state) {
        Fixture *fixture = *state;
        const StoreQuery query = { .selection = STORE_SELECT_PENDING, .target = fixture->target };
        char expected[32], types[32];
        bson_t *documents[] = {
                BCON_NEW("_id", BCON_MINKEY),
                BCON_NEW("_id", BCON_DOUBLE(-1)),
                BCON_NEW("_id", BCON_DOUBLE(2)),
                BCON_NEW("_id", BCON_DOUBLE(3)),
                BCON_NEW("_id", BCON_DOUBLE(4)),
                BCON_NEW("_id", BCON_DOUBLE(5)),
                BCON_NEW("_id", "{", "a", BCON_INT32(1), "}"),
                BCON_NEW("_id", BCON_TIMESTAMP(1, 2)),
                BCON_NEW("_id", BCON_MAXKEY),
        };
        size_t n = ELEMENTSOF(documents);

        for (size_t i = 0; i < n; i++) {
                bson_iter_t iter;

                assert_true(bson_iter_init_find(&iter, documents[i], "_id"));
                expected[i] = type_of(&iter);
                assert_int_equal(import_one(fixture, documents[i]), 0);
        }
        expected[n] = '\0';

        for (size_t max_rows = 1; max_rows <= n + 1; max_rows++) {
                read_types(fixture, &query, max_rows, types);
                assert_string_equal(types, expected);
        }
}

static void write_all(Fixture *fixture, Outcome **outcomes, size_t n, StoreResult *ret_results) {
        StoreFailure failure;

        if (store_write(fixture->store, &fixture->target, outcomes, n, ret_results, &failure))
                fail_msg("%s", failure.message);
        for (size_t i = 0; i < n; i++)
                outcome_free(outcomes[i]);
}

static void test_a_resumed_row_hides_the_meta_that_was_not_asked_for(void **state) {
        static const char *const plain[] = { "x", NULL };
        static const char *const with_meta[] = { "x", "reqd", NULL };
        Fixture *fixture = *state;
        StoreQuery query = { .selection = STORE_SELECT_PENDING, .target = fixture->target, .resume = true };
        Outcome *outcome = outcome_of(1, OUTCOME_FAILED);
        StoreResult result;

        assert_int_equal(import_one(fixture, BCON_NEW("_id", BCON_INT32(1), "x", BCON_INT32(7))), 0);
        write_all(fixture, &outcome, 1, &result);

        for (int shown = 0; shown < 2; shown++) {
                _cleanup_(store_reader_freep) StoreReader *reader = NULL;
                _cleanup_(store_page_freep) StorePage *page = NULL;

                query.fields = shown ? with_meta : plain;
                assert_int_equal(store_reader_new(fixture->store, &query, NULL, &reader), 0);
                assert_int_equal(store_reader_next(reader, 10, SIZE_MAX, &page, NULL), 0);
                assert_int_equal(page->n_rows, 1);
                assert_true(page->rows[0].answered);
                assert_int_equal(page->rows[0].state, OUTCOME_FAILED);
                assert_int_equal(page->rows[0].reason, REASON_DNS);
                assert_int_equal(page->rows[0].attempts, 2);
                assert_true(bson_has_field(page->rows[0].document, "x"));
                assert_int_equal(bson_has_field(page->rows[0].document, "reqd.state"), shown);
                assert_int_equal(bson_count_keys(page->rows[0].document), 2 + shown);
        }
}

static void test_of_many_outcomes_those_without_a_document_are_gone(void **state) {
        Fixture *fixture = *state;
        Outcome *outcomes[MANY];
        StoreResult results[MANY];

        for (int32_t i = 0; i < MANY; i++) {
                if (i % 3 != 0)
                        assert_int_equal(import_one(fixture, BCON_NEW("_id", BCON_INT32(i))), 0);
                outcomes[i] = outcome_of(i, i % 2 ? OUTCOME_OK : OUTCOME_FAILED);
        }

        write_all(fixture, outcomes, MANY, results);
        for (int32_t i = 0; i < MANY; i++)
                assert_int_equal(results[i], i % 3 != 0 ? STORE_RESULT_STORED : STORE_RESULT_GONE);
}

/* Whether a document says itself that its answer was refused. */
static bool says_refused(Fixture *fixture, int32_t id) {
        bson_t *filter = BCON_NEW("_id", BCON_INT32(id), "reqd.reason", "store_refused", "response", "{",
                "$exists", BCON_BOOL(false), "}");
        const StoreQuery query = {
                .selection = STORE_SELECT_ALL, .target = fixture->target, .filter = filter
        };
        uint64_t n;

        assert_int_equal(store_count(fixture->store, &query, &n, NULL), 0);
        bson_destroy(filter);
        return n == 1;
}

/*
 * Servers differ in what they refuse: a document grown too large, an answer that looks like Extended
 * JSON, which one test server answers by an error of the whole command. All of them take the rest.
 */
static void test_what_the_server_refuses_leaves_its_neighbours_alone(void **state) {
        _cleanup_free_ char *padding = calloc(1, 1024 * 1024);
        _cleanup_free_ char *large = calloc(1, 16 * 1024 * 1024);
        Fixture *fixture = *state;
        Outcome *outcomes[5];
        StoreResult results[5];

        memset(padding, 'p', 1024 * 1024 - 1);
        memset(large, 'x', 16 * 1024 * 1024 - 4096);
        for (int32_t i = 0; i < 5; i++) {
                const char *pad = i == 1 ? padding : "";

                outcomes[i] = outcome_of(i, i < 4 ? OUTCOME_OK : OUTCOME_FAILED);
                assert_int_equal(import_one(fixture, BCON_NEW("_id", BCON_INT32(i), "pad", pad)), 0);
        }

        outcomes[1]->value_form = OUTCOME_VALUE_TEXT;
        outcomes[1]->value_len = strlen(large);
        outcomes[1]->value = TAKE_PTR(large);
        outcomes[2]->value_form = OUTCOME_VALUE_JSON;
        outcomes[2]->value_bson = BCON_NEW("", "{", "$oid", "not one", "}");

        write_all(fixture, outcomes, 5, results);
        for (int32_t i = 0; i < 5; i++) {
                assert_int_equal(results[i] == STORE_RESULT_REFUSED, says_refused(fixture, i));
                if (i != 1 && i != 2)
                        assert_int_equal(results[i], STORE_RESULT_STORED);
        }
}

static bson_oid_t oid_of(const char *text) {
        bson_oid_t oid;

        bson_oid_init_from_string(&oid, text);
        return oid;
}

static int save(Store *store, const bson_oid_t *id, int32_t version) {
        bson_t record = BSON_INITIALIZER;
        int r;

        BSON_APPEND_OID(&record, "_id", id);
        BSON_APPEND_INT32(&record, "version", version);
        r = store_job_save(store, &record, NULL);
        bson_destroy(&record);
        return r;
}

/* The version of the only record, as whoever loads it sees it; 0: there is none. */
static int32_t version_of(Store *store) {
        bson_t **records;
        int32_t version;
        bson_iter_t iter;
        size_t n;

        assert_int_equal(store_job_load_all(store, &records, &n, NULL), 0);
        assert_true(n < 2);
        if (n == 1)
                assert_int_equal(bson_count_keys(records[0]), 2);
        version = n == 1 && bson_iter_init_find(&iter, records[0], "version") ? bson_iter_int32(&iter) : 0;
        for (size_t i = 0; i < n; i++)
                bson_destroy(records[i]);
        free(records);
        return version;
}

static void test_a_former_owner_of_the_lease_writes_no_record_any_more(void **state) {
        Fixture *fixture = *state;
        _cleanup_(store_freep) Store *second = open_store(fixture);
        const StoreOwner owners[] = {
                { .id = oid_of("65a000000000000000000011"), .length_us = 3600 * USEC_PER_SEC },
                { .id = oid_of("65a000000000000000000022"), .length_us = 3600 * USEC_PER_SEC },
        };
        bson_oid_t old = oid_of("65a000000000000000000001"), new = oid_of("65a000000000000000000002");
        StoreLease lease;

        assert_int_equal(save(fixture->store, &old, 1), 0); /* by a version that wrote no owner */
        assert_int_equal(store_lease_take(fixture->store, &owners[0], NULL, &lease, NULL), 0);
        assert_int_equal(save(fixture->store, &old, 2), 0);
        assert_int_equal(store_lease_take(second, &owners[1], &owners[0].id, &lease, NULL), 0);
        assert_int_equal(version_of(second), 2);

        assert_int_equal(save(fixture->store, &old, 3), STORE_E_HELD);
        assert_int_equal(version_of(second), 2);
        assert_int_equal(store_job_delete(fixture->store, &old, NULL), STORE_E_HELD);
        assert_int_equal(save(second, &old, 4), 0);
        assert_int_equal(version_of(second), 4);

        assert_int_equal(store_job_delete(second, &old, NULL), 0);
        assert_int_equal(store_job_delete(second, &old, NULL), 0);
        assert_int_equal(save(fixture->store, &old, 5), STORE_E_HELD); /* which would be its return */
        assert_int_equal(save(fixture->store, &new, 6), STORE_E_HELD);
        assert_int_equal(version_of(second), 0);
        assert_int_equal(save(second, &new, 7), 0);
        assert_int_equal(version_of(second), 7);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_rare_ids_are_not_skipped, open_fresh, drop),
                cmocka_unit_test_setup_teardown(
                        test_a_resumed_row_hides_the_meta_that_was_not_asked_for, open_fresh, drop),
                cmocka_unit_test_setup_teardown(
                        test_of_many_outcomes_those_without_a_document_are_gone, open_fresh, drop),
                cmocka_unit_test_setup_teardown(
                        test_what_the_server_refuses_leaves_its_neighbours_alone, open_fresh, drop),
                cmocka_unit_test_setup_teardown(
                        test_a_former_owner_of_the_lease_writes_no_record_any_more, open_fresh, drop),
        };

        if (!getenv(URI_VARIABLE)) {
                fprintf(stderr, "%s is not set: it names the MongoDB server that this test may use\n",
                        URI_VARIABLE);
                return EXIT_FAILURE;
        }

        mongoc_init();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
