/* JSON in and out: what is refused and where, what survives exactly, and what a writer repairs. */

#include "common/json.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/unit.h"

static int parse(const char *text, JsonValue **ret_root, UserError *error) {
        return json_parse(text, strlen(text), ret_root, error);
}

static JsonValue *parsed(const char *text) {
        UserError error = {};
        JsonValue *root = NULL;

        assert_int_equal(parse(text, &root, &error), 0);
        assert_null(error.message);
        return root;
}

static void test_what_is_written_is_what_was_read(void **state) {
        static const char *const texts[] = {
                "null",
                "true",
                "\"\"",
                "0",
                "-0",
                "1e400",
                "0.10000000000000000000000000000000000001",
                "123456789012345678901234567890",
                "[]",
                "{}",
                "[[],{},[{}]]",
                "{\"b\":1,\"a\":[1,2.50,\"x\"],\"\":false}",
                "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\"",
                "\"a\\u0000b\"",
                "\"\xf0\x9f\x98\x80 \xc3\xbc\"",
        };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                _cleanup_(json_freep) JsonValue *root = parsed(texts[i]);
                _cleanup_free_ char *dump = json_dump(root);

                assert_string_equal(dump, texts[i]);
        }
}

static void test_escapes_become_their_characters(void **state) {
        _cleanup_(json_freep) JsonValue *root = parsed(" \"\\u00fc \\ud83d\\ude00 \\/ \\\\u0041\" \n");

        assert_string_equal(json_string(root), "\xc3\xbc \xf0\x9f\x98\x80 / \\u0041");
}

static void test_what_is_no_json_is_refused_with_its_line(void **state) {
        static const struct {
                const char *text;
                const char *where;
                const char *message;
        } cases[] = {
                { "", "line 1", "not JSON: premature EOF" },
                { " \n\n", "line 3", "not JSON: premature EOF" },
                { "{", "line 1", "not JSON: premature EOF" },
                { "[1,\n2,\n]", "line 3", "not JSON: unallowed token at this point in JSON text" },
                { "{}\n{}", "line 2", "not JSON: trailing garbage" },
                { "1 2", "line 1", "not JSON: trailing garbage" },
                { "NaN", "line 1", NULL },
                { "01", "line 1", NULL },
                { "[1,]", "line 1", NULL },
                { "'x'", "line 1", NULL },
                { "// x\n1", "line 1", NULL },
                { "\n\"a\nb\"", "line 2", NULL },
                { "\"\\x\"", "line 1", NULL },
                { "[1,\v2]", "line 1", "a vertical tab or form feed is in the text" },
                { "[1,\n\f2]", "line 2", "a vertical tab or form feed is in the text" },
                { "\n\"\xff\"", "line 2", "the text is not UTF-8" },
                { "\"\xc0\x80\"", "line 1", "the text is not UTF-8" },
                { "\"\xed\xa0\x80\"", "line 1", "the text is not UTF-8" },
                { "\"\xf4\x90\x80\x80\"", "line 1", "the text is not UTF-8" },
                { "\"\xe2\x82\"", "line 1", "the text is not UTF-8" },
                { "\n\n\"\\ud800\"", "line 3", "a \\u escape is half of a surrogate pair" },
                { "\"\\udc00\"", "line 1", "a \\u escape is half of a surrogate pair" },
                { "\"\\ud800\\u0041\"", "line 1", "a \\u escape is half of a surrogate pair" },
                { "\"\\ud800\\ud800\\udc00\"", "line 1", "a \\u escape is half of a surrogate pair" },
                { "{\"a\\u0000\": 1}", "line 1", "a key has \\u0000 in it" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(user_error_deinit) UserError error = {};
                JsonValue *root = NULL;

                assert_int_equal(parse(cases[i].text, &root, &error), -EINVAL);
                assert_null(root);
                assert_string_equal(error.where, cases[i].where);
                assert_null(strchr(error.message, '\n'));
                if (cases[i].message)
                        assert_string_equal(error.message, cases[i].message);
        }
}

static void test_a_backslash_protects_the_next_one(void **state) {
        _cleanup_(json_freep) JsonValue *root = parsed("\"\\\\ud800 \\\\\\ud83d\\ude00\"");

        assert_string_equal(json_string(root), "\\ud800 \\\xf0\x9f\x98\x80");
}

static void test_a_nul_between_texts_is_no_end(void **state) {
        _cleanup_(user_error_deinit) UserError error = {};
        JsonValue *root = NULL;

        assert_int_equal(json_parse("{}\0{}", 5, &root, &error), -EINVAL);
}

static void test_equal_keys_are_refused_by_name_and_line(void **state) {
        static const struct {
                const char *text;
                const char *where;
                const char *message;
        } cases[] = {
                { "{\"a\": 1,\n\"b\": 2,\n\"a\": 3}", "line 3", "the key \"a\" is there twice" },
                { "[{\"x\": {\"k\": 1, \"k\": 1}}]", "line 1", "the key \"k\" is there twice" },
                { "{\"k\": 1,\n \"\\u006b\":\n 2}", "line 2", "the key \"k\" is there twice" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(user_error_deinit) UserError error = {};
                JsonValue *root = NULL;

                assert_int_equal(parse(cases[i].text, &root, &error), -EINVAL);
                assert_string_equal(error.where, cases[i].where);
                assert_string_equal(error.message, cases[i].message);
        }

        /* In different objects they are different keys. */
        json_free(parsed("{\"a\": {\"a\": 1}, \"b\": [{\"a\": 1}, {\"a\": 2}], \"A\": 1}"));
}

static void test_many_keys_are_kept_in_their_order(void **state) {
        enum { KEYS = 50000 };
        _cleanup_(json_writer_freep) JsonWriter *writer = json_writer_new(false);
        _cleanup_(json_freep) JsonValue *root = NULL;
        char key[32];

        json_open_object(writer);
        for (int i = 0; i < KEYS; i++) {
                snprintf(key, sizeof(key), "k%d", KEYS - i);
                json_member_int(writer, key, i);
        }
        json_close_object(writer);

        root = parsed(json_writer_text(writer, NULL));
        assert_int_equal(json_size(root), KEYS);
        assert_string_equal(json_key_at(root, 0), "k50000");
        assert_string_equal(json_key_at(root, KEYS - 1), "k1");
        assert_int_equal(json_get_int(root, "k1", -1), KEYS - 1);
}

/* A million levels must be refused before anything recurses over them. */
static void test_depth_is_bounded(void **state) {
        static const struct {
                size_t levels;
                int r;
        } cases[] = { { JSON_DEPTH_MAX, 0 }, { JSON_DEPTH_MAX + 1, -EINVAL }, { 1000000, -EINVAL } };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(user_error_deinit) UserError error = {};
                _cleanup_(json_freep) JsonValue *root = NULL;
                _cleanup_free_ char *text = malloc(2 * cases[i].levels);

                memset(text, '[', cases[i].levels);
                memset(text + cases[i].levels, ']', cases[i].levels);

                assert_int_equal(json_parse(text, 2 * cases[i].levels, &root, &error), cases[i].r);
                if (cases[i].r)
                        assert_string_equal(error.message, "nested too deeply");
        }
}

static void test_members_are_read_by_type(void **state) {
        _cleanup_(json_freep) JsonValue *root =
                parsed("{\"s\": \"x\", \"i\": 7, \"d\": 2.5, \"b\": true, \"n\": null, \"a\": [1, 2]}");

        assert_string_equal(json_get_string(root, "s", "-"), "x");
        assert_string_equal(json_get_string(root, "i", "-"), "-");
        assert_string_equal(json_get_string(root, "n", "-"), "-");
        assert_string_equal(json_get_string(root, "absent", "-"), "-");
        assert_int_equal(json_get_int(root, "i", -1), 7);
        assert_int_equal(json_get_int(root, "d", -1), -1);
        assert_int_equal(json_get_int(root, "s", -1), -1);
        assert_true(json_get_double(root, "d", -1) == 2.5);
        assert_true(json_get_double(root, "i", -1) == 7);
        assert_true(json_get_bool(root, "b", false));
        assert_true(json_get_bool(root, "i", true));

        assert_null(json_get(root, "absent"));
        assert_null(json_get(NULL, "s"));
        assert_null(json_get(json_get(root, "a"), "s"));
        assert_int_equal(json_type(json_get(root, "n")), JSON_NULL);
        assert_string_equal(json_number_text(json_at(json_get(root, "a"), 1)), "2");
        assert_string_equal(json_type_name(json_type(root)), "an object");
}

static void test_the_size_of_a_string_counts_nuls(void **state) {
        _cleanup_(json_freep) JsonValue *root = parsed("\"ab\\u0000cd\"");

        assert_int_equal(json_size(root), 5);
        assert_string_equal(json_string(root), "ab");
}

static void test_whole_numbers(void **state) {
        static const struct {
                const char *text;
                int r;
                int64_t number;
        } cases[] = {
                { "0", 0, 0 },
                { "-5", 0, -5 },
                { "9223372036854775807", 0, INT64_MAX },
                { "-9223372036854775808", 0, INT64_MIN },
                { "9223372036854775808", -EINVAL, 0 },
                { "5.0", 0, 5 },
                { "1e3", 0, 1000 },
                { "5.5", -EINVAL, 0 },
                { "1e30", -EINVAL, 0 },
                { "1e400", -EINVAL, 0 },
                { "\"5\"", -EINVAL, 0 },
                { "null", -EINVAL, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(json_freep) JsonValue *root = parsed(cases[i].text);
                int64_t number = 0;

                assert_int_equal(json_int(root, &number), cases[i].r);
                assert_true(number == cases[i].number);
        }
}

static void test_doubles_are_written_shortest_and_exact(void **state) {
        static const struct {
                double value;
                const char *text;
        } cases[] = {
                { 0, "0" },
                { 0.1, "0.1" },
                { 1.0 / 3, "0.3333333333333333" },
                { 100, "100" },
                { 1000000, "1000000" },
                { 123456789012345, "123456789012345" },
                { 1e15, "1e+15" },
                { 1e300, "1e+300" },
                { 5e-324, "5e-324" },
                { 1.7976931348623157e308, "1.7976931348623157e+308" },
                { -2.5, "-2.5" },
                { 0.30000000000000004, "0.30000000000000004" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char text[32];

                assert_string_equal(json_format_double(cases[i].value, text), cases[i].text);
                assert_true(strtod(text, NULL) == cases[i].value);
        }
}

static void write_everything(JsonWriter *writer) {
        json_open_object(writer);
        json_member_string(writer, "string", "a\"b\n\x01");
        json_member_string(writer, "absent", NULL);
        json_member_int(writer, "int", INT64_MIN);
        json_member_uint(writer, "uint", UINT64_MAX);
        json_member_double(writer, "double", 0.1);
        json_member_double(writer, "nan", NAN);
        json_member_double(writer, "infinite", -INFINITY);
        json_member_bool(writer, "bool", true);
        json_member_null(writer, "null");
        json_key(writer, "array");
        json_open_array(writer);
        json_put_string_n(writer, "a\0b", 3);
        json_put_raw(writer, "{\"raw\": 1.50}", 13);
        json_close_array(writer);
        json_close_object(writer);
}

static void test_a_writer_writes_every_type(void **state) {
        _cleanup_(json_writer_freep) JsonWriter *writer = json_writer_new(false);
        size_t len;

        write_everything(writer);
        assert_string_equal(json_writer_text(writer, &len),
                "{\"string\":\"a\\\"b\\n\\u0001\",\"absent\":null,\"int\":-9223372036854775808,"
                "\"uint\":18446744073709551615,\"double\":0.1,\"nan\":null,\"infinite\":null,\"bool\":true,"
                "\"null\":null,\"array\":[\"a\\u0000b\",{\"raw\": 1.50}]}");
        assert_int_equal(len, strlen(json_writer_text(writer, NULL)));
}

static void test_texts_follow_each_other_on_lines(void **state) {
        _cleanup_(json_writer_freep) JsonWriter *writer = json_writer_new(false);

        assert_string_equal(json_writer_text(writer, NULL), "");

        json_put_int(writer, 1);
        json_open_array(writer);
        json_close_array(writer);
        json_put_string(writer, "x");
        assert_string_equal(json_writer_text(writer, NULL), "1\n[]\n\"x\"");

        json_writer_clear(writer);
        assert_string_equal(json_writer_text(writer, NULL), "");
        json_put_bool(writer, false);
        assert_string_equal(json_writer_text(writer, NULL), "false");
}

static void test_a_pretty_writer_indents(void **state) {
        _cleanup_(json_writer_freep) JsonWriter *writer = json_writer_new(true);

        for (int i = 0; i < 2; i++) {
                json_open_object(writer);
                json_member_int(writer, "a", 1);
                json_close_object(writer);
        }

        assert_string_equal(json_writer_text(writer, NULL), "{\n  \"a\": 1\n}\n{\n  \"a\": 1\n}\n");
}

static void test_what_is_not_utf8_is_repaired(void **state) {
        static const struct {
                const char *string;
                const char *text;
        } cases[] = {
                { "\xff", "\"\xef\xbf\xbd\"" },
                { "a\xc3", "\"a\xef\xbf\xbd\"" },
                { "\xc3\xbc\x80z", "\"\xc3\xbc\xef\xbf\xbdz\"" },
                { "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
                { "12345678\xe2\x82\xac", "\"12345678\xe2\x82\xac\"" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(json_writer_freep) JsonWriter *writer = json_writer_new(false);

                json_put_string(writer, cases[i].string);
                assert_string_equal(json_writer_text(writer, NULL), cases[i].text);
        }
}

static void test_calls_that_make_no_json_give_no_text(void **state) {
        _cleanup_(json_writer_freep) JsonWriter *writer = json_writer_new(false);

        json_open_object(writer);
        json_put_int(writer, 1);
        assert_null(json_writer_text(writer, NULL));

        json_writer_clear(writer);
        json_put_int(writer, 1);
        assert_string_equal(json_writer_text(writer, NULL), "1");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_is_written_is_what_was_read),
                cmocka_unit_test(test_escapes_become_their_characters),
                cmocka_unit_test(test_what_is_no_json_is_refused_with_its_line),
                cmocka_unit_test(test_a_backslash_protects_the_next_one),
                cmocka_unit_test(test_a_nul_between_texts_is_no_end),
                cmocka_unit_test(test_equal_keys_are_refused_by_name_and_line),
                cmocka_unit_test(test_many_keys_are_kept_in_their_order),
                cmocka_unit_test(test_depth_is_bounded),
                cmocka_unit_test(test_members_are_read_by_type),
                cmocka_unit_test(test_the_size_of_a_string_counts_nuls),
                cmocka_unit_test(test_whole_numbers),
                cmocka_unit_test(test_doubles_are_written_shortest_and_exact),
                cmocka_unit_test(test_a_writer_writes_every_type),
                cmocka_unit_test(test_texts_follow_each_other_on_lines),
                cmocka_unit_test(test_a_pretty_writer_indents),
                cmocka_unit_test(test_what_is_not_utf8_is_repaired),
                cmocka_unit_test(test_calls_that_make_no_json_give_no_text),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
