/* What the server is asked: the selections, projections and places of DESIGN.md, word for word. */

#include "daemon/store/mongo_query.h"

#include "tests/unit/unit.h"

#define JOB "65a000000000000000000001"
#define PENDING                                                                                              \
        "{ \"response\" : { \"$exists\" : false }, \"reqd.id\" : { \"$ne\" : { \"$oid\" : \"" JOB "\" } } }"
#define FAILED                                                                                               \
        "\"reqd.id\" : { \"$oid\" : \"" JOB                                                                  \
        "\" }, \"reqd.state\" : \"failed\", \"reqd.gen\" : { \"$lt\" : 2 }"
#define OUTCOME_OF_THIS(_gen) "{ \"reqd.id\" : { \"$oid\" : \"" JOB "\" }, \"reqd.gen\" : " _gen " }"

static StoreTarget target_of(int32_t generation) {
        StoreTarget target = {
                .collection = "a.b", .field = "response", .meta = "reqd", .generation = generation
        };

        bson_oid_init_from_string(&target.job, JOB);
        return target;
}

static bson_t *bson_of(const char *json) {
        bson_error_t error;

        return json ? bson_new_from_json((const uint8_t *)json, -1, &error) : NULL;
}

static void assert_bson(const bson_t *bson, const char *expected) {
        char *text = bson_as_relaxed_extended_json(bson, NULL);

        assert_string_equal(text, expected);
        bson_free(text);
}

static void test_selections(void **state) {
        static const struct {
                StoreSelection selection;
                int32_t generation;
                bool resume;
                const char *filter, *retry;
                const char *expected;
        } cases[] = {
                { STORE_SELECT_ALL, 1, false, NULL, NULL, "{ }" },
                { STORE_SELECT_ALL, 1, true, "{}", NULL, "{ }" },
                { STORE_SELECT_ALL, 1, false, "{\"a\": 1}", NULL, "{ \"$and\" : [ { \"a\" : 1 } ] }" },
                { STORE_SELECT_PENDING, 1, false, NULL, NULL, "{ \"$and\" : [ " PENDING " ] }" },
                { STORE_SELECT_PENDING, 1, false, "{\"reqd.id\": null}", NULL,
                        "{ \"$and\" : [ { \"reqd.id\" : null }, " PENDING " ] }" },
                { STORE_SELECT_PENDING, 1, true, "{\"a\": 1}", NULL,
                        "{ \"$or\" : [ { \"$and\" : [ { \"a\" : 1 }, " PENDING
                        " ] }, " OUTCOME_OF_THIS("1") " ] }" },
                { STORE_SELECT_FAILED, 2, false, NULL, NULL, "{ \"$and\" : [ { " FAILED " } ] }" },
                { STORE_SELECT_FAILED, 2, false, "{\"a\": 1}", "{}",
                        "{ \"$and\" : [ { \"a\" : 1 }, { " FAILED " } ] }" },
                { STORE_SELECT_FAILED, 2, false, NULL, "{\"status\": [500, 404], \"reason\": [\"timeout\"]}",
                        "{ \"$and\" : [ { " FAILED ", \"reqd.reason\" : { \"$in\" : [ \"timeout\" ] },"
                        " \"reqd.status\" : { \"$in\" : [ 500, 404 ] } } ] }" },
                { STORE_SELECT_FAILED, 2, true, NULL, NULL,
                        "{ \"$or\" : [ { \"$and\" : [ { " FAILED " } ] }, " OUTCOME_OF_THIS("2") " ] }" },
                { STORE_SELECT_ANSWERED, 2, false, "{\"a\": 1}", NULL, OUTCOME_OF_THIS("2") },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                bson_t *user = bson_of(cases[i].filter), *retry = bson_of(cases[i].retry);
                bson_t filter = BSON_INITIALIZER;
                StoreQuery query = {
                        .selection = cases[i].selection,
                        .target = target_of(cases[i].generation),
                        .filter = user,
                        .retry = retry,
                        .resume = cases[i].resume,
                };

                mongo_query_append_filter(&filter, &query);
                assert_bson(&filter, cases[i].expected);
                bson_destroy(&filter);
                bson_destroy(retry);
                bson_destroy(user);
        }
}

static void test_projections(void **state) {
        static const char *const none[] = { NULL };
        static const char *const two[] = { "url", "_id", "name", "url", NULL };
        static const char *const with_meta[] = { "url", "reqd", NULL };
        static const struct {
                const char *const *fields;
                bool resume, hides;
                const char *expected;
        } cases[] = {
                { NULL, false, false, "{ }" },
                { NULL, true, false, "{ }" },
                { none, false, false, "{ \"_id\" : true }" },
                { two, false, false, "{ \"_id\" : true, \"url\" : true, \"name\" : true }" },
                { none, true, true,
                        "{ \"_id\" : true, \"reqd.id\" : true, \"reqd.gen\" : true, \"reqd.state\" : true,"
                        " \"reqd.reason\" : true, \"reqd.attempts\" : true }" },
                { with_meta, true, false, "{ \"_id\" : true, \"url\" : true, \"reqd\" : true }" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                bson_t projection = BSON_INITIALIZER;
                StoreQuery query = {
                        .target = target_of(1),
                        .fields = cases[i].fields,
                        .resume = cases[i].resume,
                };

                mongo_query_append_projection(&projection, &query);
                assert_bson(&projection, cases[i].expected);
                assert_int_equal(mongo_query_hides_meta(&query), cases[i].hides);
                bson_destroy(&projection);
        }
}

static void test_places(void **state) {
        const bson_value_t key = { .value_type = BSON_TYPE_INT32, .value.v_int32 = 7 };
        StoreTarget target = target_of(3);
        bson_t ok = BSON_INITIALIZER, failed = BSON_INITIALIZER;

        mongo_query_append_place(&ok, &target, &key, false);
        assert_bson(&ok, "{ \"_id\" : 7 }");
        mongo_query_append_place(&failed, &target, &key, true);
        assert_bson(&failed,
                "{ \"_id\" : 7, \"$nor\" : [ { \"reqd.id\" : { \"$oid\" : \"" JOB
                "\" }, \"reqd.state\" : \"ok\" },"
                " { \"reqd.id\" : { \"$oid\" : \"" JOB "\" }, \"reqd.gen\" : { \"$gt\" : 3 } } ] }");
        bson_destroy(&failed);
        bson_destroy(&ok);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_selections),
                cmocka_unit_test(test_projections),
                cmocka_unit_test(test_places),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
