/* What a MongoDB URI makes of a store, before any server is asked. */

#include <string.h>

#include "daemon/store/store.h"
#include "tests/unit/unit.h"

static void test_the_address_has_no_secret(void **state) {
        static const struct {
                const char *uri, *address;
        } cases[] = {
                { "mongodb://127.0.0.1", "mongodb://127.0.0.1:27017/" },
                { "mongodb://127.0.0.1:27018/data", "mongodb://127.0.0.1:27018/data" },
                { "mongodb://user:secret@127.0.0.1/data?authSource=admin", "mongodb://127.0.0.1:27017/data" },
                { "mongodb://us%40er:se%2Fcret@[::1]:7,127.0.0.1:8/data?replicaSet=x",
                        "mongodb://[::1]:7,127.0.0.1:8/data" },
                { "mongodb+srv://user:secret@db.test.invalid/data", "mongodb+srv://db.test.invalid/data" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                UserError error = {};
                Store *store;

                assert_int_equal(store_open(cases[i].uri, NULL, &store, &error), 0);
                assert_string_equal(store_address(store), cases[i].address);
                assert_string_equal(store_kind(store), "mongodb");
                assert_true(store_wants_bson(store));
                store_free(store);
        }
}

static void test_a_wrong_uri_is_told_without_its_secret(void **state) {
        static const char *const uris[] = {
                "mongodb://",
                "mongodb://host:99999/",
                "mongodb://user:sec/ret@host/data",
                "mongodb://user:sec%ret@host/data",
                "mongodb://user:secret@host:port",
                "mongodb://user:1/secret@host",
                "mongodb://user:1/?secret@host/",
                "mongodb+srv://one,two/",
        };

        for (size_t i = 0; i < ELEMENTSOF(uris); i++) {
                UserError error = {};
                Store *store = NULL;

                if (store_open(uris[i], NULL, &store, &error) >= 0)
                        fail_msg("%s is opened", uris[i]);
                assert_null(store);
                assert_non_null(error.message);
                assert_null(strstr(error.message, "ret"));
                user_error_deinit(&error);
        }
}

/* Port 1 of the own machine: nobody listens, and nothing goes out. */
static void test_an_absent_server_is_away_for_every_call(void **state) {
        const bson_value_t key = { .value_type = BSON_TYPE_INT32, .value.v_int32 = 1 };
        const StoreQuery query = {
                .target = { .collection = "a.b", .field = "r", .meta = "m", .job_name = "j" }
        };
        _cleanup_(store_freep) Store *store = NULL;
        _cleanup_(store_reader_freep) StoreReader *reader = NULL;
        bson_t *record = BCON_NEW("_id", BCON_INT32(1));
        Outcome outcome = { .key = key, .state = OUTCOME_FAILED, .reason = REASON_DNS };
        Outcome *outcomes[] = { &outcome };
        UserError error = {};
        StoreFailure failure = {};
        StoreResult result;
        StorePage *page;
        bson_t **records;
        uint64_t n, m;

        assert_int_equal(
                store_open("mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=20", NULL, &store, &error), 0);
        assert_int_equal(store_ping(store, &failure), STORE_E_AWAY);
        assert_non_null(strstr(failure.message, "127.0.0.1:1"));

        assert_int_equal(store_check_filter(store, "a.b", record, NULL), STORE_E_AWAY);
        assert_int_equal(store_reader_new(store, &query, NULL, &reader), 0);
        assert_int_equal(store_reader_next(reader, 10, 1000, &page, NULL), STORE_E_AWAY);
        assert_int_equal(store_reader_next(reader, 10, 1000, &page, NULL), STORE_E_AWAY);
        store_reader_rest(reader);
        assert_int_equal(store_count(store, &query, &n, NULL), STORE_E_AWAY);
        assert_int_equal(store_write(store, &query.target, outcomes, 1, &result, NULL), STORE_E_AWAY);
        assert_int_equal(store_job_save(store, record, NULL), STORE_E_AWAY);
        assert_int_equal(store_job_delete(store, &query.target.job, NULL), STORE_E_AWAY);
        assert_int_equal(store_job_load_all(store, &records, &n, NULL), STORE_E_AWAY);
        assert_int_equal(store_import(store, "a.b", &record, 1, &n, &m, NULL), STORE_E_AWAY);
        bson_destroy(record);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_address_has_no_secret),
                cmocka_unit_test(test_a_wrong_uri_is_told_without_its_secret),
                cmocka_unit_test(test_an_absent_server_is_away_for_every_call),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
