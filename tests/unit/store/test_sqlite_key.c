/* Keys: their bytes are ordered as BSON orders the _ids, equal _ids have equal keys, and their form stays. */

#include "daemon/store/sqlite_key.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "daemon/policy/bson_compare.h"
#include "tests/unit/unit.h"

/* Values around every border that a key has to keep: types, signs, sizes, NULs, prefixes. */
static const char *const values[] = {
        "{\"$minKey\": 1}",
        "null",
        "{\"$numberDouble\": \"NaN\"}",
        "{\"$numberDouble\": \"-Infinity\"}",
        "{\"$numberDecimal\": \"-1E+400\"}",
        "{\"$numberDouble\": \"-1.7976931348623157e308\"}",
        "{\"$numberLong\": \"-9223372036854775808\"}",
        "{\"$numberLong\": \"-9007199254740993\"}",
        "{\"$numberDouble\": \"-9007199254740992.0\"}",
        "-100",
        "-99",
        "-11",
        "-10",
        "-1.5",
        "-1",
        "-0.5",
        "{\"$numberDouble\": \"-4.9e-324\"}",
        "0",
        "-0.0",
        "{\"$numberDecimal\": \"0E-10\"}",
        "{\"$numberDecimal\": \"1E-6176\"}",
        "{\"$numberDouble\": \"4.9e-324\"}",
        "{\"$numberDouble\": \"2.2250738585072014e-308\"}",
        "{\"$numberDecimal\": \"0.1\"}",
        "0.1",
        "{\"$numberDecimal\": \"0.10000000000000000555111512312578271\"}",
        "{\"$numberDecimal\": \"0.1000000000000000055511151231257828\"}",
        "0.5",
        "1",
        "1.0",
        "{\"$numberLong\": \"1\"}",
        "{\"$numberDecimal\": \"1.00\"}",
        "1.05",
        "1.5",
        "9",
        "10",
        "{\"$numberDecimal\": \"1E+1\"}",
        "11",
        "99",
        "100",
        "101",
        "{\"$numberDouble\": \"9007199254740992.0\"}",
        "{\"$numberLong\": \"9007199254740993\"}",
        "{\"$numberDouble\": \"9007199254740994.0\"}",
        "{\"$numberLong\": \"9223372036854775807\"}",
        "{\"$numberDouble\": \"9223372036854775808.0\"}",
        "{\"$numberDecimal\": \"9.999999999999999999999999999999999E+6144\"}",
        "{\"$numberDouble\": \"Infinity\"}",
        "\"\"",
        "\"\\u0000\"",
        "\"\\u0000\\u0000\"",
        "\"\\u0000a\"",
        "\"\\u0001\"",
        "\"a\"",
        "\"a\\u0000\"",
        "\"a\\u0000b\"",
        "\"a\\u0001\"",
        "\"aa\"",
        "\"\u00ff\"",
        "{}",
        "{\"\": null}",
        "{\"a\": {\"$minKey\": 1}}",
        "{\"a\": null}",
        "{\"a\": 1}",
        "{\"a\": 1.0}",
        "{\"a\": 1, \"b\": 0}",
        "{\"a\": 2}",
        "{\"aa\": 0}",
        "{\"b\": 0}",
        "{\"a\": \"x\"}",
        "{\"a\": {\"b\": 1}}",
        "{\"a\": {\"b\": 1, \"c\": 1}}",
        "{\"a\": {\"b\": 1}, \"c\": 1}",
        "{\"a\": [1]}",
        "{\"a\": [1, 2]}",
        "{\"a\": [1], \"b\": 2}",
        "{\"a\": {\"$maxKey\": 1}}",
        "{\"$binary\": {\"base64\": \"\", \"subType\": \"00\"}}",
        "{\"$binary\": {\"base64\": \"/w==\", \"subType\": \"00\"}}",
        "{\"$binary\": {\"base64\": \"AA==\", \"subType\": \"05\"}}",
        "{\"$binary\": {\"base64\": \"AAA=\", \"subType\": \"00\"}}",
        "{\"$oid\": \"000000000000000000000000\"}",
        "{\"$oid\": \"507f1f77bcf86cd799439011\"}",
        "{\"$oid\": \"ffffffffffffffffffffffff\"}",
        "false",
        "true",
        "{\"$date\": {\"$numberLong\": \"-9223372036854775808\"}}",
        "{\"$date\": {\"$numberLong\": \"-1\"}}",
        "{\"$date\": {\"$numberLong\": \"0\"}}",
        "{\"$date\": {\"$numberLong\": \"1795435200000\"}}",
        "{\"$timestamp\": {\"t\": 1, \"i\": 4294967295}}",
        "{\"$timestamp\": {\"t\": 2, \"i\": 0}}",
        "{\"$timestamp\": {\"t\": 4294967295, \"i\": 0}}",
        "{\"$maxKey\": 1}",
};

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

static int sign(int r) {
        return (r > 0) - (r < 0);
}

/* As SQLite compares blobs. */
static int compare_keys(const SqliteKey *a, const SqliteKey *b) {
        int r = memcmp(a->bytes, b->bytes, a->len < b->len ? a->len : b->len);

        return r != 0 ? sign(r) : (a->len > b->len) - (a->len < b->len);
}

static int compare_as_keys(const bson_value_t *a, const bson_value_t *b) {
        SqliteKey a_key = SQLITE_KEY_INIT, b_key = SQLITE_KEY_INIT;
        int r;

        assert_int_equal(sqlite_key_set(&a_key, a), 0);
        assert_int_equal(sqlite_key_set(&b_key, b), 0);
        r = compare_keys(&a_key, &b_key);
        sqlite_key_deinit(&a_key);
        sqlite_key_deinit(&b_key);
        return r;
}

static void test_keys_are_ordered_as_their_values(void **state) {
        for (size_t i = 0; i < ELEMENTSOF(values); i++)
                for (size_t j = 0; j < ELEMENTSOF(values); j++) {
                        bson_iter_t a_iter, b_iter;
                        bson_t *a = wrap(values[i], &a_iter), *b = wrap(values[j], &b_iter);
                        int expected =
                                sign(bson_compare_values(bson_iter_value(&a_iter), bson_iter_value(&b_iter)));

                        if (compare_as_keys(bson_iter_value(&a_iter), bson_iter_value(&b_iter)) != expected)
                                fail_msg("%s and %s: %d", values[i], values[j], expected);
                        bson_destroy(a);
                        bson_destroy(b);
                }
}

/* Doubles of random bits, and the integers nearest to them, against the processor's own comparison. */
static void test_random_numbers_are_ordered(void **state) {
        unsigned short seed[3] = { 1, 2, 3 };
        bson_value_t last = { .value_type = BSON_TYPE_DOUBLE, .value.v_double = 1.5 };

        for (int i = 0; i < 20000; i++) {
                uint64_t bits = (uint64_t)jrand48(seed) << 32 ^ (uint64_t)(uint32_t)jrand48(seed);
                bson_value_t value = { .value_type = BSON_TYPE_DOUBLE };
                double a, b;

                memcpy(&value.value.v_double, &bits, sizeof(bits));
                if (i % 3 == 0)
                        value.value.v_double = (double)(jrand48(seed) % 1000) / 8;
                if (i % 5 == 0)
                        value = (bson_value_t) { .value_type = BSON_TYPE_INT32,
                                .value.v_int32 = (int)jrand48(seed) };

                a = last.value_type == BSON_TYPE_DOUBLE ? last.value.v_double : last.value.v_int32;
                b = value.value_type == BSON_TYPE_DOUBLE ? value.value.v_double : value.value.v_int32;
                if (isnan(b))
                        continue;
                assert_int_equal(compare_as_keys(&last, &value), (a > b) - (a < b));
                last = value;
        }
}

/* What is on disk must stay readable: a change here needs a new schema version. */
static void test_the_form_of_keys_stays(void **state) {
        static const struct {
                const char *json;
                const char *hex;
        } cases[] = {
                { "null", "03" },
                { "0", "0404" },
                { "1", "040580010b00" },
                { "-12.5", "04037ffdf2ccff" },
                { "{\"$numberDouble\": \"NaN\"}", "0401" },
                { "\"a\\u0000b\"", "056100ff620000" },
                { "{\"a\": [true]}", "060761"
                                     "0000"
                                     "0a010000" },
                { "{\"$binary\": {\"base64\": \"AQI=\", \"subType\": \"05\"}}", "0800000002050102" },
                { "{\"$oid\": \"507f1f77bcf86cd799439011\"}", "09507f1f77bcf86cd799439011" },
                { "true", "0a01" },
                { "{\"$date\": {\"$numberLong\": \"1\"}}", "0b8000000000000001" },
                { "{\"$timestamp\": {\"t\": 1, \"i\": 2}}", "0c0000000100000002" },
                { "{\"$maxKey\": 1}", "11" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                SqliteKey key = SQLITE_KEY_INIT;
                char hex[64] = "";
                bson_iter_t iter;
                bson_t *bson = wrap(cases[i].json, &iter);

                assert_int_equal(sqlite_key_set(&key, bson_iter_value(&iter)), 0);
                for (size_t j = 0; j < key.len; j++)
                        snprintf(hex + 2 * j, sizeof(hex) - 2 * j, "%02x", key.bytes[j]);
                assert_string_equal(hex, cases[i].hex);
                sqlite_key_deinit(&key);
                bson_destroy(bson);
        }
}

static void test_a_key_is_used_again(void **state) {
        static char text[5000];
        SqliteKey key = SQLITE_KEY_INIT, copy = SQLITE_KEY_INIT;
        bson_value_t value = { .value_type = BSON_TYPE_UTF8, .value.v_utf8 = { text, sizeof(text) } };

        memset(text, 'x', sizeof(text));
        assert_int_equal(sqlite_key_set(&key, &value), 0);
        assert_int_equal(key.len, 1 + sizeof(text) + 2);
        value.value.v_utf8.len = 1;
        assert_int_equal(sqlite_key_set(&key, &value), 0);
        assert_int_equal(key.len, 4);
        assert_int_equal(sqlite_key_copy(&copy, key.bytes, key.len), 0);
        assert_int_equal(compare_keys(&key, &copy), 0);
        sqlite_key_deinit(&key);
        sqlite_key_deinit(&copy);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_keys_are_ordered_as_their_values),
                cmocka_unit_test(test_random_numbers_are_ordered),
                cmocka_unit_test(test_the_form_of_keys_stays),
                cmocka_unit_test(test_a_key_is_used_again),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
