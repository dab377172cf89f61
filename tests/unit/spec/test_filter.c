/* Filters: operators are not taken for values, values are Extended JSON, and numbers keep their types. */

#include "daemon/spec/filter.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/unit.h"

static int parse(const char *json, bson_t **ret_filter, UserError *error) {
        _cleanup_(json_freep) JsonValue *object = NULL;

        assert_int_equal(json_parse(json, strlen(json), &object, error), 0);
        return filter_parse(object, ret_filter, error);
}

/* In canonical Extended JSON, which names every type. */
static void assert_filter(const char *json, const char *canonical) {
        UserError error = {};
        bson_t *filter = NULL;
        char *text;

        assert_int_equal(parse(json, &filter, &error), 0);
        text = bson_as_canonical_extended_json(filter, NULL);
        assert_string_equal(text, canonical);
        bson_free(text);
        bson_destroy(filter);
}

static void test_plain_values_keep_their_types(void **state) {
        static const struct {
                const char *json;
                const char *canonical;
        } cases[] = {
                { "{}", "{ }" },
                { "{\"a\": 5}", "{ \"a\" : { \"$numberInt\" : \"5\" } }" },
                { "{\"a\": -2147483648}", "{ \"a\" : { \"$numberInt\" : \"-2147483648\" } }" },
                { "{\"a\": 2147483648}", "{ \"a\" : { \"$numberLong\" : \"2147483648\" } }" },
                { "{\"a\": 9223372036854775807}",
                        "{ \"a\" : { \"$numberLong\" : \"9223372036854775807\" } }" },
                { "{\"a\": 5.0}", "{ \"a\" : { \"$numberDouble\" : \"5.0\" } }" },
                { "{\"a\": 1e2}", "{ \"a\" : { \"$numberDouble\" : \"100.0\" } }" },
                { "{\"a\": [true, null, \"x\\u0000y\", {}, []]}",
                        "{ \"a\" : [ true, null, \"x\\u0000y\", {  }, [  ] ] }" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                assert_filter(cases[i].json, cases[i].canonical);
}

static void test_operators_stay_operators(void **state) {
        static const struct {
                const char *json;
                const char *canonical;
        } cases[] = {
                { "{\"a\": {\"$type\": 2}}", "{ \"a\" : { \"$type\" : { \"$numberInt\" : \"2\" } } }" },
                { "{\"a\": {\"$type\": \"string\"}}", "{ \"a\" : { \"$type\" : \"string\" } }" },
                { "{\"a\": {\"$type\": [\"string\", 10]}}",
                        "{ \"a\" : { \"$type\" : [ \"string\", { \"$numberInt\" : \"10\" } ] } }" },
                { "{\"a\": {\"$regex\": \"x\", \"$exists\": true}}",
                        "{ \"a\" : { \"$regex\" : \"x\", \"$exists\" : true } }" },
                { "{\"$and\": [{\"a\": {\"$not\": {\"$type\": 2}}}]}",
                        "{ \"$and\" : [ { \"a\" : { \"$not\" : { \"$type\" : { \"$numberInt\" : \"2\" } } } "
                        "} ] }" },
                { "{\"a\": {\"$in\": [1]}, \"$comment\": \"x\"}",
                        "{ \"a\" : { \"$in\" : [ { \"$numberInt\" : \"1\" } ] }, \"$comment\" : \"x\" }" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                assert_filter(cases[i].json, cases[i].canonical);
}

static void test_extended_json_is_one_value(void **state) {
        static const char *const values[] = {
                "{ \"$oid\" : \"507f1f77bcf86cd799439011\" }",
                "{ \"$numberLong\" : \"5\" }",
                "{ \"$numberDecimal\" : \"1.10\" }",
                "{ \"$date\" : { \"$numberLong\" : \"1795435200000\" } }",
                "{ \"$binary\" : { \"base64\" : \"AA==\", \"subType\" : \"80\" } }",
                "{ \"$timestamp\" : { \"t\" : 1, \"i\" : 2 } }",
                "{ \"$regularExpression\" : { \"pattern\" : \"x\", \"options\" : \"i\" } }",
                "{ \"$minKey\" : 1 }",
        };

        for (size_t i = 0; i < ELEMENTSOF(values); i++) {
                _cleanup_free_ char *filter = bson_strdup_printf("{ \"a\" : { \"$gt\" : %s } }", values[i]);

                assert_filter(filter, filter);
        }

        assert_filter("{\"a\": {\"$date\": \"2026-11-23T12:00:00Z\"}}",
                "{ \"a\" : { \"$date\" : { \"$numberLong\" : \"1795435200000\" } } }");
        assert_filter("{\"a\": {\"$in\": [{\"$regex\": \"x\", \"$options\": \"i\"}, {\"$regex\": \"y\"}]}}",
                "{ \"a\" : { \"$in\" : [ { \"$regularExpression\" : { \"pattern\" : \"x\", \"options\" : "
                "\"i\" } }, "
                "{ \"$regularExpression\" : { \"pattern\" : \"y\", \"options\" : \"\" } } ] } }");
        assert_filter("{\"a\": {\"$binary\": \"AA==\", \"$type\": \"80\"}}",
                "{ \"a\" : { \"$binary\" : { \"base64\" : \"AA==\", \"subType\" : \"80\" } } }");
}

static void test_what_is_no_value_is_refused(void **state) {
        static const char *const filters[] = {
                "{\"_id\": {\"$oid\": \"zz\"}}",
                "{\"a\": {\"$numberLong\": \"x\"}}",
                "{\"a\": {\"$date\": \"soon\"}}",
                "{\"a\": {\"$numberInt\": \"5\", \"x\": 1}}",
                "{\"a\": 9223372036854775808}",
                "{\"a\": [1e400]}",
        };

        for (size_t i = 0; i < ELEMENTSOF(filters); i++) {
                _cleanup_(user_error_deinit) UserError error = {};
                bson_t *filter = NULL;

                assert_int_equal(parse(filters[i], &filter, &error), -EINVAL);
                assert_null(filter);
                assert_string_equal(error.where, "filter");
                assert_non_null(error.message);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_plain_values_keep_their_types),
                cmocka_unit_test(test_operators_stay_operators),
                cmocka_unit_test(test_extended_json_is_one_value),
                cmocka_unit_test(test_what_is_no_value_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
