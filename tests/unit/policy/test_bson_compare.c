/* The order of BSON values, and numbers of all types by their exact value. */

#include "daemon/policy/bson_compare.h"

#include <stdio.h>

#include "daemon/policy/bson_number.h"
#include "tests/unit/unit.h"

static bson_t *wrap(const char *json, bson_iter_t *ret_iter) {
        _cleanup_free_ char *text = NULL;
        bson_error_t error = {};
        bson_t *bson;

        assert_true(asprintf(&text, "{\"\": %s}", json) > 0);
        bson = bson_new_from_json((const uint8_t *)text, -1, &error);
        if (!bson)
                fail_msg("%s: %s", json, error.message);
        assert_true(bson_iter_init(ret_iter, bson) && bson_iter_next(ret_iter));
        return bson;
}

static int compare(const char *a_json, const char *b_json) {
        bson_iter_t a_iter, b_iter;
        bson_t *a = wrap(a_json, &a_iter), *b = wrap(b_json, &b_iter);
        int r = bson_compare_values(bson_iter_value(&a_iter), bson_iter_value(&b_iter));

        bson_destroy(a);
        bson_destroy(b);
        return (r > 0) - (r < 0);
}

/* Every value is below all those that follow it. */
static const char *const ordered[] = {
        "{\"$minKey\": 1}",
        "{\"$undefined\": true}",
        "null",
        "{\"$numberDouble\": \"NaN\"}",
        "{\"$numberDouble\": \"-Infinity\"}",
        "{\"$numberDecimal\": \"-1E+400\"}",
        "{\"$numberDouble\": \"-1e308\"}",
        "{\"$numberLong\": \"-9223372036854775808\"}",
        "-10",
        "-1",
        "{\"$numberDouble\": \"-4.9e-324\"}",
        "0",
        "{\"$numberDecimal\": \"1E-6000\"}",
        "{\"$numberDouble\": \"4.9e-324\"}",
        "{\"$numberDecimal\": \"0.1\"}",
        "{\"$numberDouble\": \"0.1\"}", /* 0.1000000000000000055... */
        "{\"$numberDecimal\": \"0.10000000000000001\"}",
        "1",
        "{\"$numberDouble\": \"9007199254740992.0\"}",
        "{\"$numberLong\": \"9007199254740993\"}",
        "{\"$numberLong\": \"9223372036854775807\"}",
        "{\"$numberDouble\": \"9223372036854775808.0\"}",
        "{\"$numberDecimal\": \"9223372036854775809\"}",
        "{\"$numberDouble\": \"Infinity\"}",
        "\"\"",
        "\"A\"",
        "\"a\"",
        "\"a\\u0000\"",
        "\"a\\u0001\"",
        "\"ab\"",
        "\"\u00e4\"",
        "{}",
        "{\"a\": null}",
        "{\"a\": 1}",
        "{\"a\": 1, \"b\": 0}",
        "{\"a\": 2}",
        "{\"b\": 0}",
        "{\"a\": \"x\"}", /* the type of a field counts before its name */
        "[]",
        "[1]",
        "[1, 2]",
        "[2]",
        "[\"a\"]",
        "{\"$binary\": {\"base64\": \"\", \"subType\": \"00\"}}",
        "{\"$binary\": {\"base64\": \"/w==\", \"subType\": \"00\"}}",
        "{\"$binary\": {\"base64\": \"AA==\", \"subType\": \"05\"}}",
        "{\"$binary\": {\"base64\": \"AAA=\", \"subType\": \"00\"}}",
        "{\"$oid\": \"000000000000000000000000\"}",
        "{\"$oid\": \"507f1f77bcf86cd799439011\"}",
        "false",
        "true",
        "{\"$date\": {\"$numberLong\": \"-1\"}}",
        "{\"$date\": {\"$numberLong\": \"0\"}}",
        "{\"$timestamp\": {\"t\": 1, \"i\": 2}}",
        "{\"$timestamp\": {\"t\": 1, \"i\": 3}}",
        "{\"$timestamp\": {\"t\": 4294967295, \"i\": 0}}",
        "{\"$regularExpression\": {\"pattern\": \"a\", \"options\": \"\"}}",
        "{\"$regularExpression\": {\"pattern\": \"a\", \"options\": \"i\"}}",
        "{\"$code\": \"a\"}",
        "{\"$code\": \"b\"}",
        "{\"$code\": \"a\", \"$scope\": {}}",
        "{\"$maxKey\": 1}",
};

static void test_values_are_ordered(void **state) {
        for (size_t i = 0; i < ELEMENTSOF(ordered); i++)
                for (size_t j = 0; j < ELEMENTSOF(ordered); j++)
                        if (compare(ordered[i], ordered[j]) != (i > j) - (i < j))
                                fail_msg("%s and %s", ordered[i], ordered[j]);
}

static void test_equal_values_have_equal_order(void **state) {
        static const char *const equal[][2] = {
                { "1", "{\"$numberLong\": \"1\"}" },
                { "1", "1.0" },
                { "1", "{\"$numberDecimal\": \"1.000\"}" },
                { "100", "{\"$numberDecimal\": \"1E+2\"}" },
                { "0", "-0.0" },
                { "0", "{\"$numberDecimal\": \"-0E+10\"}" },
                { "0.5", "{\"$numberDecimal\": \"0.5\"}" },
                { "{\"$numberDouble\": \"NaN\"}", "{\"$numberDecimal\": \"NaN\"}" },
                { "{\"$numberDouble\": \"Infinity\"}", "{\"$numberDecimal\": \"Infinity\"}" },
                { "{\"$numberDouble\": \"-Infinity\"}", "{\"$numberDecimal\": \"-Infinity\"}" },
                { "\"a\"", "{\"$symbol\": \"a\"}" },
                { "{\"a\": [1, {\"b\": 2.0}]}", "{\"a\": [1.0, {\"b\": 2}]}" },
        };

        for (size_t i = 0; i < ELEMENTSOF(equal); i++)
                if (compare(equal[i][0], equal[i][1]) != 0)
                        fail_msg("%s and %s", equal[i][0], equal[i][1]);
}

static void test_nan_is_found_in_both_types(void **state) {
        static const struct {
                const char *json;
                bool is_nan;
        } cases[] = {
                { "{\"$numberDouble\": \"NaN\"}", true },
                { "{\"$numberDecimal\": \"NaN\"}", true },
                { "{\"$numberDouble\": \"Infinity\"}", false },
                { "{\"$numberDecimal\": \"1\"}", false },
                { "1", false },
                { "\"NaN\"", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                bson_iter_t iter;
                bson_t *bson = wrap(cases[i].json, &iter);

                assert_int_equal(bson_number_is_nan(bson_iter_value(&iter)), cases[i].is_nan);
                bson_destroy(bson);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_values_are_ordered),
                cmocka_unit_test(test_equal_values_have_equal_order),
                cmocka_unit_test(test_nan_is_found_in_both_types),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
