/* Which bodies are JSON, what BSON makes of them, and which can only be kept as text. */

#include "daemon/store/json_bson.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/unit.h"

#define TEXT(_text) (_text), sizeof(_text) - 1

typedef struct Text Text;

struct Text {
        const char *text;
        size_t len;
};

static int parse(const char *text, size_t len, bool want_bson, JsonBody *ret_body) {
        char error[200];

        return json_body_parse(text, len, want_bson, ret_body, error, sizeof(error));
}

/* With and without BSON the answer is the same. */
static void assert_refused(const char *text, size_t len, int expected) {
        JsonBody body = {};

        for (int want_bson = 0; want_bson < 2; want_bson++) {
                if (parse(text, len, want_bson, &body) != expected)
                        fail_msg("`%.*s`, bson %d: not %d", (int)len, text, want_bson, expected);
                assert_null(body.bson);
                assert_null(body.rewritten);
        }
}

/* @canonical: what is expected as canonical Extended JSON, printed by the BSON library. */
static void assert_value(const char *text, const char *canonical) {
        JsonBody body = {};
        char *printed, *expected;

        if (parse(text, strlen(text), true, &body) != 0)
                fail_msg("`%s` is refused", text);
        assert_null(body.rewritten);

        printed = bson_as_canonical_extended_json(body.bson, NULL);
        assert_true(asprintf(&expected, "{ \"\" : %s }", canonical) > 0);
        if (strcmp(printed, expected) != 0)
                fail_msg("`%s` is %s instead of %s", text, printed, expected);

        bson_free(printed);
        free(expected);
        json_body_deinit(&body);

        assert_int_equal(parse(text, strlen(text), false, &body), 0);
        assert_null(body.bson);
        json_body_deinit(&body);
}

static void test_what_is_not_json_is_invalid(void **state) {
        static const Text cases[] = {
                { TEXT("") },
                { TEXT(" \t\r\n") },
                { TEXT("1 2") },
                { TEXT("{} {}") },
                { TEXT("[1] x") },
                { TEXT("{} \"half a string") },
                { TEXT("{} \"\\") },
                { TEXT("1 nul") },
                { TEXT("\"a\"-") },
                { TEXT("[] 1") },
                { TEXT("{\"a\":1}\0") },
                { TEXT("NaN") },
                { TEXT("[Infinity]") },
                { TEXT("-Infinity") },
                { TEXT("01") },
                { TEXT("+1") },
                { TEXT("1.") },
                { TEXT(".5") },
                { TEXT("1e") },
                { TEXT("-") },
                { TEXT("[1,]") },
                { TEXT("{\"a\":1,}") },
                { TEXT("{\"a\"}") },
                { TEXT("{a:1}") },
                { TEXT("{'a':1}") },
                { TEXT("[1") },
                { TEXT("\"abc") },
                { TEXT("nul") },
                { TEXT("True") },
                { TEXT("[1,\v2]") },
                { TEXT("\f1") },
                { TEXT("/* 1 */ 1") },
                { TEXT("1 // one") },
                { TEXT("\"a\nb\"") },
                { TEXT("\"a\tb\"") },
                { TEXT("\"a\0b\"") },
                { TEXT("\"\\x41\"") },
                { TEXT("\"\\u12\"") },
                { TEXT("\"\\ud800") },
                { TEXT("\"\\ud8") },
                { TEXT("\\") },
                { TEXT("\xef\xbb\xbf") },
                { TEXT("\xef\xbb\xbf\xef\xbb\xbf"
                       "1") },
                { TEXT("\xff\xfe"
                       "1\0") },              /* UTF-16 */
                { TEXT("\"\xc0\x80\"") },     /* overlong NUL */
                { TEXT("\"\xe0\x80\xaf\"") }, /* overlong solidus */
                { TEXT("\"\xed\xa0\x80\"") }, /* a surrogate as bytes */
                { TEXT("\"\xed\xb0\x80\"") },
                { TEXT("{\"\xff\":1}") },
                { TEXT("\"\xe4\"") },             /* Latin-1 */
                { TEXT("\"\xf4\x90\x80\x80\"") }, /* above U+10FFFF */
                { TEXT("<html></html>") },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                assert_refused(cases[i].text, cases[i].len, JSON_BODY_E_INVALID);
}

static void test_json_that_bson_cannot_hold_is_raw(void **state) {
        static const char *const cases[] = {
                "{\"a\\u0000b\": 1}",
                "[{\"\\u0000\": 1}]",
                "\"\\ud800\"",
                "\"\\udc00\"",
                "\"\\ud800\\u0041\"",
                "\"\\ud800\\ud800\\udc00\"",
                "\"\\uD83D \\uDE00\"",
                "\"\\\\\\ud800\"",
                "{\"\\udfff\": 1}",
                "12345678901234567890123456789012345",
                "0.12345678901234567890123456789012345",
                "1e6145",
                "-1e999999999999999999999999",
                "1e-6177",
                "[1, {\"a\": 1e7000}]",
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                assert_refused(cases[i], strlen(cases[i]), JSON_BODY_E_RAW);
}

/* What cannot be kept is no excuse for broken text behind it. */
static void test_raw_is_still_read_to_its_end(void **state) {
        static const char *const cases[] = {
                "{\"a\\u0000b\": 1",
                "[\"\\ud800\"] 1",
                "[1e7000,]",
                "[\"\\ud800\", nul]",
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                assert_refused(cases[i], strlen(cases[i]), JSON_BODY_E_INVALID);
}

static void test_values_of_every_kind(void **state) {
        static const struct {
                const char *text, *canonical;
        } cases[] = {
                { "null", "null" },
                { " true ", "true" },
                { "false\n", "false" },
                { "\"\"", "\"\"" },
                { "\"a\\u0000b\"", "\"a\\u0000b\"" },
                { "\"\\ud83d\\ude00 \\u00e4 \\/\"", "\"\xf0\x9f\x98\x80 \xc3\xa4 /\"" },
                { "\"\\\\ud800\"", "\"\\\\ud800\"" }, /* a backslash, then plain letters */
                { "\"\xe4\xb8\xad\xe6\x96\x87 \xf0\x9f\x98\x80\"",
                        "\"\xe4\xb8\xad\xe6\x96\x87 \xf0\x9f\x98\x80\"" },
                { "[1e400, 0.5, 5000000000]",
                        "[ { \"$numberDecimal\" : \"1E+400\" }, { \"$numberDouble\" : \"0.5\" },"
                        " { \"$numberLong\" : \"5000000000\" } ]" },
                { "[]", "[  ]" },
                { "{}", "{  }" },
                { "[[], {}]", "[ [  ], {  } ]" },
                { "{\"\": {\"\": \"\"}}", "{ \"\" : { \"\" : \"\" } }" },
                { "{\"a.b\": {\"$c\": null}, \"\\u0061\": 0}",
                        "{ \"a.b\" : { \"$c\" : null }, \"a\" : { \"$numberInt\" : \"0\" } }" },
                { "{\"k\\u00e9y\": \"v\\u00e9\", \"next\": [\"\\n\"]}",
                        "{ \"k\xc3\xa9y\" : \"v\xc3\xa9\", \"next\" : [ \"\\n\" ] }" },
                { "{\"$oid\": \"5f5e5d5c5b5a595857565554\"}", "{ \"$oid\" : \"5f5e5d5c5b5a595857565554\" }" },
                { "[1,\r\n{\"a\":\t[true]}]", "[ { \"$numberInt\" : \"1\" }, { \"a\" : [ true ] } ]" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                assert_value(cases[i].text, cases[i].canonical);
}

static void test_what_looks_like_extended_json_stays_an_object(void **state) {
        static const char *const cases[] = {
                "{\"$oid\": \"5f5e5d5c5b5a595857565554\"}",
                "{\"$oid\": \"zz\"}",
                "{\"$date\": 5}",
                "{\"$numberInt\": \"1\"}",
                "{\"$numberDecimal\": \"x\"}",
                "{\"$binary\": {\"base64\": \"\", \"subType\": \"00\"}}",
                "{\"$ref\": \"a\", \"$id\": 1}",
                "{\"$undefined\": true}",
                "{\"$minKey\": 1}",
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                JsonBody body = {};
                bson_iter_t iter, inner;

                assert_int_equal(parse(cases[i], strlen(cases[i]), true, &body), 0);
                assert_true(bson_iter_init_find(&iter, body.bson, ""));
                assert_true(BSON_ITER_HOLDS_DOCUMENT(&iter));
                assert_true(bson_iter_recurse(&iter, &inner) && bson_iter_next(&inner));
                assert_int_equal(bson_iter_key(&inner)[0], '$');
                json_body_deinit(&body);
        }
}

static void test_a_byte_order_mark_is_skipped(void **state) {
        JsonBody body = {};

        assert_int_equal(parse(TEXT("\xef\xbb\xbf{}"), false, &body), 0);
        assert_int_equal(body.skip, 3);
        json_body_deinit(&body);

        assert_int_equal(parse(TEXT("\xef\xbb\xbf\"\\ud800\""), true, &body), JSON_BODY_E_RAW);
        assert_int_equal(body.skip, 3);
        assert_null(body.bson);
}

/* @depth levels around nothing, in turn arrays and objects; @ends: closed again. */
static char *nested(size_t depth, bool ends, size_t *ret_len) {
        char *text = malloc(depth * 8 + 1);
        size_t len = 0;

        assert_non_null(text);
        for (size_t i = 0; i < depth; i++)
                len += (size_t)sprintf(text + len, i % 2 == 0 ? "[" : i + 1 < depth ? "{\"a\":" : "{");
        for (size_t i = depth; ends && i-- > 0;)
                text[len++] = i % 2 == 0 ? ']' : '}';

        *ret_len = len;
        return text;
}

static void test_depth_is_bounded(void **state) {
        static const struct {
                size_t depth;
                bool ends;
                int expected;
        } cases[] = {
                { 89, true, 0 },
                { 90, true, 0 },
                { 91, true, JSON_BODY_E_RAW },
                { 92, true, JSON_BODY_E_RAW },
                { 91, false, JSON_BODY_E_INVALID },
                { 1000000, true, JSON_BODY_E_RAW },
                { 1000000, false, JSON_BODY_E_INVALID },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *text = NULL;
                JsonBody body = {};
                size_t len;

                text = nested(cases[i].depth, cases[i].ends, &len);
                for (int want_bson = 0; want_bson < 2; want_bson++) {
                        assert_int_equal(parse(text, len, want_bson, &body), cases[i].expected);
                        json_body_deinit(&body);
                }
        }
}

static void test_the_error_says_where(void **state) {
        static const struct {
                const char *text, *expected;
        } cases[] = {
                { "[1, x]", "lexical error: invalid char in json text., at byte 5" },
                { "{\"a\":1", "parse error: premature EOF, at byte 6" },
                { "[\"abc", "parse error: premature EOF, at byte 5" },
                { "[1] 2", "parse error: trailing garbage, at byte 5" },
                { "\xff", "the text is not UTF-8" },
                { "[\v]", "a vertical tab or form feed is in the text" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                JsonBody body = {};
                char error[200], small[9];

                (void)json_body_parse(
                        cases[i].text, strlen(cases[i].text), false, &body, error, sizeof(error));
                assert_string_equal(error, cases[i].expected);
                (void)json_body_parse(
                        cases[i].text, strlen(cases[i].text), false, &body, small, sizeof(small));
                assert_int_equal(strlen(small), sizeof(small) - 1);
        }
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_is_not_json_is_invalid),
                cmocka_unit_test(test_json_that_bson_cannot_hold_is_raw),
                cmocka_unit_test(test_raw_is_still_read_to_its_end),
                cmocka_unit_test(test_values_of_every_kind),
                cmocka_unit_test(test_what_looks_like_extended_json_stays_an_object),
                cmocka_unit_test(test_a_byte_order_mark_is_skipped),
                cmocka_unit_test(test_depth_is_bounded),
                cmocka_unit_test(test_the_error_says_where),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
