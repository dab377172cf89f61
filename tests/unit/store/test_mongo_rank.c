/* The brackets of _ids, and what the server is asked for to walk them. */

#include "daemon/store/mongo_rank.h"

#include <stdio.h>

#include "tests/unit/unit.h"

/* The value of {"": <json>}, in @wrapped's memory. */
static const bson_value_t *value_of(const char *json, bson_t **ret_wrapped, bson_iter_t *iter) {
        _cleanup_free_ char *text = NULL;
        bson_error_t error;

        assert_true(asprintf(&text, "{\"\": %s}", json) > 0);
        *ret_wrapped = bson_new_from_json((const uint8_t *)text, -1, &error);
        assert_non_null(*ret_wrapped);
        assert_true(bson_iter_init(iter, *ret_wrapped) && bson_iter_next(iter));
        return bson_iter_value(iter);
}

static void test_the_rank_of_an_id(void **state) {
        static const struct {
                const char *id;
                MongoRank rank;
        } cases[] = {
                { "{\"$minKey\": 1}", MONGO_RANK_MIN_KEY },
                { "null", MONGO_RANK_NULL },
                { "{\"$numberDouble\": \"NaN\"}", MONGO_RANK_NAN },
                { "{\"$numberDecimal\": \"NaN\"}", MONGO_RANK_NAN },
                { "{\"$numberDouble\": \"-Infinity\"}", MONGO_RANK_NUMBER },
                { "{\"$numberDecimal\": \"-Infinity\"}", MONGO_RANK_NUMBER },
                { "1", MONGO_RANK_NUMBER },
                { "{\"$numberLong\": \"1\"}", MONGO_RANK_NUMBER },
                { "0.5", MONGO_RANK_NUMBER },
                { "\"\"", MONGO_RANK_STRING },
                { "{\"a\": 1}", MONGO_RANK_OBJECT },
                { "{\"$binary\": {\"base64\": \"\", \"subType\": \"00\"}}", MONGO_RANK_BINARY },
                { "{\"$oid\": \"507f1f77bcf86cd799439011\"}", MONGO_RANK_OBJECT_ID },
                { "false", MONGO_RANK_BOOL },
                { "{\"$date\": \"1970-01-01T00:00:00Z\"}", MONGO_RANK_DATE },
                { "{\"$timestamp\": {\"t\": 1, \"i\": 1}}", MONGO_RANK_TIMESTAMP },
                { "{\"$maxKey\": 1}", MONGO_RANK_MAX_KEY },
                { "{\"$symbol\": \"a\"}", MONGO_RANK_SYMBOL },
                { "{\"$code\": \"a\"}", MONGO_RANK_CODE },
                { "[1]", MONGO_RANK_NONE },
                { "{\"$regularExpression\": {\"pattern\": \"a\", \"options\": \"\"}}", MONGO_RANK_NONE },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                bson_t *wrapped;
                bson_iter_t iter;

                if (mongo_rank_of(value_of(cases[i].id, &wrapped, &iter)) != cases[i].rank)
                        fail_msg("%s", cases[i].id);
                bson_destroy(wrapped);
        }
}

static void assert_filter(const bson_t *filter, const char *expected) {
        char *text = bson_as_relaxed_extended_json(filter, NULL);

        assert_string_equal(text, expected);
        bson_free(text);
}

static void test_the_ids_behind_another(void **state) {
        static const struct {
                MongoRank rank;
                const char *after;
                const char *expected; /* NULL: there cannot be any */
        } cases[] = {
                { MONGO_RANK_OBJECT_ID, NULL, "{ \"_id\" : { \"$type\" : [ 7 ] } }" },
                { MONGO_RANK_OBJECT_ID, "\"another rank\"", "{ \"_id\" : { \"$type\" : [ 7 ] } }" },
                { MONGO_RANK_OBJECT_ID, "{\"$oid\": \"507f1f77bcf86cd799439011\"}",
                        "{ \"_id\" : { \"$type\" : [ 7 ], \"$gt\" : { \"$oid\" : "
                        "\"507f1f77bcf86cd799439011\" } } }" },
                { MONGO_RANK_NUMBER, NULL,
                        "{ \"_id\" : { \"$type\" : [ 1, 16, 18, 19 ], \"$gte\" : { \"$numberDouble\" : "
                        "\"-Infinity\" } } }" },
                { MONGO_RANK_NUMBER, "{\"$numberDouble\": \"NaN\"}",
                        "{ \"_id\" : { \"$type\" : [ 1, 16, 18, 19 ], \"$gte\" : { \"$numberDouble\" : "
                        "\"-Infinity\" } } }" },
                { MONGO_RANK_NUMBER, "7", "{ \"_id\" : { \"$type\" : [ 1, 16, 18, 19 ], \"$gt\" : 7 } }" },
                { MONGO_RANK_NAN, NULL, "{ \"_id\" : { \"$numberDouble\" : \"NaN\" } }" },
                { MONGO_RANK_NAN, "{\"$numberDouble\": \"NaN\"}", NULL },
                { MONGO_RANK_MIN_KEY, NULL, "{ \"_id\" : { \"$type\" : [ -1 ] } }" },
                { MONGO_RANK_MIN_KEY, "{\"$minKey\": 1}", NULL },
                { MONGO_RANK_NULL, "null", NULL },
                { MONGO_RANK_MAX_KEY, "{\"$maxKey\": 1}", NULL },
                { MONGO_RANK_BOOL, "true", "{ \"_id\" : { \"$type\" : [ 8 ], \"$gt\" : true } }" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                bson_t filter = BSON_INITIALIZER, *wrapped = NULL;
                const bson_value_t *after = NULL;
                bson_iter_t iter;

                if (cases[i].after)
                        after = value_of(cases[i].after, &wrapped, &iter);
                assert_int_equal(
                        mongo_rank_append_behind(&filter, cases[i].rank, after), cases[i].expected != NULL);
                assert_filter(&filter, cases[i].expected ? cases[i].expected : "{ }");
                bson_destroy(wrapped);
                bson_destroy(&filter);
        }
}

static void test_the_ranks_behind_another(void **state) {
        static const struct {
                MongoRank rank;
                const char *expected;
        } cases[] = {
                { MONGO_RANK_NONE, "{ \"_id\" : { \"$type\" : [ -1, 10, 1, 16, 18, 19, 2, 3, 5, 7, 8, 9, 17, "
                                   "127 ] } }" },
                { MONGO_RANK_NULL,
                        "{ \"_id\" : { \"$type\" : [ 1, 16, 18, 19, 2, 3, 5, 7, 8, 9, 17, 127 ] } }" },
                { MONGO_RANK_OBJECT_ID, "{ \"_id\" : { \"$type\" : [ 8, 9, 17, 127 ] } }" },
                { MONGO_RANK_TIMESTAMP, "{ \"_id\" : { \"$type\" : [ 127 ] } }" },
                { MONGO_RANK_MAX_KEY, "{ \"_id\" : { \"$type\" : [ 14, 12, 13, 15 ] } }" },
                { MONGO_RANK_CODE, "{ \"_id\" : { \"$type\" : [ 15 ] } }" },
                { MONGO_RANK_CODE_WITH_SCOPE, NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                bson_t filter = BSON_INITIALIZER;

                assert_int_equal(mongo_rank_append_later(&filter, cases[i].rank), cases[i].expected != NULL);
                assert_filter(&filter, cases[i].expected ? cases[i].expected : "{ }");
                bson_destroy(&filter);
        }
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_rank_of_an_id),
                cmocka_unit_test(test_the_ids_behind_another),
                cmocka_unit_test(test_the_ranks_behind_another),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
