/* What documents make of templates: RFC 6570 up to level 2, our stricter rules, queries, headers, paths. */

#include "daemon/spec/template.h"

#include <string.h>

#include "tests/unit/unit.h"

#define EXTENDED_JSON_OF_RFC                                                                                 \
        "{\"var\": \"value\", \"hello\": \"Hello World!\", \"path\": \"/foo/bar\", \"half\": \"50%\","       \
        " \"empty\": \"\", \"base\": \"http://example.com/home/\", \"who\": \"fred\", \"dub\": \"me/too\","  \
        " \"v\": \"6\", \"x\": \"1024\", \"y\": \"768\", \"null\": null}"

static bson_t *bson(const char *json) {
        bson_error_t error;
        bson_t *document = bson_new_from_json((const uint8_t *)json, -1, &error);

        assert_non_null(document);
        return document;
}

/* A template of a URL alone. */
static RequestTemplate *compiled(const char *url) {
        RequestTemplate *template = NULL;
        UserError error = {};

        assert_int_equal(request_template_new(url, &(StringList) {}, &(StringList) {}, &template, &error), 0);
        return template;
}

static void assert_url(const RequestTemplate *template, const char *json, const char *url) {
        bson_t *document = bson(json);
        UserError error = {};
        RequestTexts texts;

        assert_int_equal(request_template_expand(template, document, &texts, &error), 0);
        assert_string_equal(texts.url, url);
        assert_null(texts.headers);

        request_texts_deinit(&texts);
        bson_destroy(document);
}

static void assert_unusable(const RequestTemplate *template, const char *json, const char *message) {
        _cleanup_(user_error_deinit) UserError error = {};
        bson_t *document = bson(json);
        RequestTexts texts = { .url = (char *)"untouched" };

        assert_int_equal(request_template_expand(template, document, &texts, &error), TEMPLATE_E_UNUSABLE);
        assert_string_equal(error.message, message);
        assert_string_equal(texts.url, "untouched");
        bson_destroy(document);
}

/*
 * RFC 6570, sections 1.2 (levels 1 and 2), 3.2.2, 3.2.3 and 3.2.4, as far as one variable stands in one
 * place.
 */
static void test_rfc_6570_up_to_level_2(void **state) {
        static const struct {
                const char *template;
                const char *expansion;
        } cases[] = {
                { "{var}", "value" },
                { "{hello}", "Hello%20World%21" },
                { "{+var}", "value" },
                { "{+hello}", "Hello%20World!" },
                { "{+path}/here", "/foo/bar/here" },
                { "here?ref={+path}", "here?ref=/foo/bar" },
                { "X{#var}", "X#value" },
                { "X{#hello}", "X#Hello%20World!" },
                { "{half}", "50%25" },
                { "O{empty}X", "OX" },
                { "{+half}", "50%25" },
                { "{base}index", "http%3A%2F%2Fexample.com%2Fhome%2Findex" },
                { "{+base}index", "http://example.com/home/index" },
                { "O{+empty}X", "OX" },
                { "up{+path}{var}/here", "up/foo/barvalue/here" },
                { "{#var}", "#value" },
                { "{#hello}", "#Hello%20World!" },
                { "{#half}", "#50%25" },
                { "foo{#empty}", "foo#" },
                { "map?{x}", "map?1024" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(request_template_freep) RequestTemplate *template = compiled(cases[i].template);

                assert_url(template, EXTENDED_JSON_OF_RFC, cases[i].expansion);
        }
}

/* Stricter than the RFC, which would leave the place empty. */
static void test_a_document_that_lacks_a_text_is_unusable(void **state) {
        static const struct {
                const char *template;
                const char *json;
                const char *message;
        } cases[] = {
                { "O{undef}X", EXTENDED_JSON_OF_RFC, "the document's undef is missing" },
                { "{+null}", EXTENDED_JSON_OF_RFC, "the document's null is null" },
                { "{a.b}", "{\"a\": {\"c\": 1}}", "the document's a.b is missing" },
                { "{a.b}", "{\"a\": 1}", "the document's a.b is missing" },
                { "{a.b}", "{\"a.b\": 1}", "the document's a.b is missing" },
                { "{a}", "{\"a\": {\"b\": 1}}", "the document's a is an object" },
                { "{a}", "{\"a\": [1]}", "the document's a is an array" },
                { "{a.2}", "{\"a\": [1, 2]}", "the document's a.2 is missing" },
                { "{a}", "{\"a\": {\"$numberDouble\": \"NaN\"}}",
                        "the document's a is nothing that has a text" },
                { "{a}", "{\"a\": {\"$numberDecimal\": \"Infinity\"}}",
                        "the document's a is nothing that has a text" },
                { "{a}", "{\"a\": {\"$date\": {\"$numberLong\": \"253402300800000\"}}}",
                        "the document's a is nothing that has a text" },
                { "{a}", "{\"a\": {\"$date\": {\"$numberLong\": \"-30610224000001\"}}}",
                        "the document's a is nothing that has a text" },
                { "{a}", "{\"a\": {\"$binary\": {\"base64\": \"AA==\", \"subType\": \"00\"}}}",
                        "the document's a is nothing that has a text" },
                { "{a}", "{\"a\": {\"$undefined\": true}}", "the document's a is null" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(request_template_freep) RequestTemplate *template = compiled(cases[i].template);

                assert_unusable(template, cases[i].json, cases[i].message);
        }
}

static void test_every_scalar_has_its_text(void **state) {
        static const struct {
                const char *json;
                const char *text;
        } cases[] = {
                { "{\"a\": 5}", "5" },
                { "{\"a\": -9223372036854775807}", "-9223372036854775807" },
                { "{\"a\": 42.0}", "42" },
                { "{\"a\": 0.1}", "0.1" },
                { "{\"a\": {\"$numberDecimal\": \"1.10\"}}", "1.10" },
                { "{\"a\": true}", "true" },
                { "{\"a\": false}", "false" },
                { "{\"a\": \"x y\"}", "x%20y" },
                { "{\"a\": {\"$oid\": \"507f1f77bcf86cd799439011\"}}", "507f1f77bcf86cd799439011" },
                { "{\"a\": {\"$date\": {\"$numberLong\": \"1795435200007\"}}}",
                        "2026-11-23T12%3A00%3A00.007Z" },
                { "{\"a\": {\"$date\": {\"$numberLong\": \"-30610224000000\"}}}",
                        "1000-01-01T00%3A00%3A00.000Z" },
        };
        _cleanup_(request_template_freep) RequestTemplate *template = compiled("{a}");

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                assert_url(template, cases[i].json, cases[i].text);
}

static void test_paths_reach_into_documents(void **state) {
        static const char json[] = "{\"a\": {\"b\": [{\"c\": \"deep\"}, 7]}, \"first.name\": \"Ada\","
                                   " \"x-y\": {\"\xc3\xbc\": 1}, \"$d\": 2, \"_id\": 3, \"\": 4}";
        static const struct {
                const char *template;
                const char *expansion;
        } cases[] = {
                { "{a.b.0.c}", "deep" },
                { "{a.b.1}", "7" },
                { "{first%2Ename}", "Ada" },
                { "{first%2ename}", "Ada" },
                { "{x%2Dy.%C3%BC}", "1" },
                { "{%24d}", "2" },
                { "{_id}", "3" },
                { "{+a.b.1}{_id}", "73" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(request_template_freep) RequestTemplate *template = compiled(cases[i].template);

                assert_url(template, json, cases[i].expansion);
        }
}

static void test_literal_text_is_encoded_where_a_uri_cannot_hold_it(void **state) {
        static const struct {
                const char *template;
                const char *expansion;
        } cases[] = {
                { "http://h/a b", "http://h/a%20b" },
                { "http://h/%20%zz%", "http://h/%20%25zz%25" },
                { "http://h/\xc3\xbc\"<>\\^`|", "http://h/%C3%BC%22%3C%3E%5C%5E%60%7C" },
                { "http://[::1]:80/a?b=c&d;e=(f)!*'+,$@#g~-._",
                        "http://[::1]:80/a?b=c&d;e=(f)!*'+,$@#g~-._" },
                { "", "" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(request_template_freep) RequestTemplate *template = compiled(cases[i].template);

                assert_url(template, "{}", cases[i].expansion);
        }
}

static void test_reserved_expansion_keeps_urls_as_they_are(void **state) {
        static const struct {
                const char *value;
                const char *url;
        } cases[] = {
                { "https://u.example:8443/a/b;c?d=e&f=%2F%c3%bc#g",
                        "https://u.example:8443/a/b;c?d=e&f=%2F%c3%bc#g" },
                { "http://h/50%", "http://h/50%25" },
                { "http://h/%4", "http://h/%254" },
                { "http://h/%4g", "http://h/%254g" },
                { "http://h/ \xe2\x82\xac", "http://h/%20%E2%82%AC" },
                { "http://h/{x}", "http://h/%7Bx%7D" },
                { "http://[2001:db8::1]/", "http://[2001:db8::1]/" },
        };
        _cleanup_(request_template_freep) RequestTemplate *template = compiled("{+url}");

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                UserError error = {};
                RequestTexts texts;
                bson_t *document = BCON_NEW("url", BCON_UTF8(cases[i].value));

                assert_int_equal(request_template_expand(template, document, &texts, &error), 0);
                assert_string_equal(texts.url, cases[i].url);
                request_texts_deinit(&texts);
                bson_destroy(document);
        }
}

static void test_a_nul_in_a_value_is_encoded(void **state) {
        _cleanup_(request_template_freep) RequestTemplate *template = compiled("http://h/{a}{+a}");

        assert_url(template, "{\"a\": \"x\\u0000y\"}", "http://h/x%00yx%00y");
}

static void test_the_query_goes_where_the_url_lets_it(void **state) {
        static const struct {
                const char *url;
                const char *expansion;
        } cases[] = {
                { "http://h/", "http://h/?k=v" },
                { "http://h/?", "http://h/?k=v" },
                { "http://h/?a=b", "http://h/?a=b&k=v" },
                { "http://h/?a=b&", "http://h/?a=b&k=v" },
                { "http://h/#f", "http://h/?k=v#f" },
                { "http://h/?a#f?g", "http://h/?a&k=v#f?g" },
                { "http://h/?#f", "http://h/?k=v#f" },
                { "http://h/#", "http://h/?k=v#" },
                { "", "?k=v" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(request_template_freep) RequestTemplate *template = NULL;
                _cleanup_(string_list_deinit) StringList query = {};
                _cleanup_free_ char *json = NULL;
                UserError error = {};

                assert_int_equal(string_map_add(&query, "k", "v"), 0);
                assert_int_equal(
                        request_template_new("{+url}", &query, &(StringList) {}, &template, &error), 0);
                json = bson_strdup_printf("{\"url\": \"%s\"}", cases[i].url);
                assert_url(template, json, cases[i].expansion);
        }
}

static void test_query_keys_are_literal_and_values_are_templates(void **state) {
        static const struct {
                const char *key, *value;
                const char *expansion;
        } cases[] = {
                { "id", "{_id}", "id=7" },
                { "q", "{text}", "q=a%26b%20%2B%3D%23" },
                { "q", "{+text}", "q=a&b%20+=#" },
                { "q", "x y&z=1+2#{_id}", "q=x%20y%26z=1%2B2%237" },
                { "when", "2026-11-23T12:00:00Z,now", "when=2026-11-23T12:00:00Z,now" },
                { "q", "50%25 50%", "q=50%25%2050%25" },
                { "a b&c=d%20{x}", "", "a%20b%26c%3Dd%2520%7Bx%7D=" },
                { "$filter", "a;b", "$filter=a%3Bb" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(request_template_freep) RequestTemplate *template = NULL;
                _cleanup_(string_list_deinit) StringList query = {};
                _cleanup_free_ char *url = bson_strdup_printf("http://h/?%s&z=1", cases[i].expansion);
                UserError error = {};

                assert_int_equal(string_map_add(&query, cases[i].key, cases[i].value), 0);
                assert_int_equal(string_map_add(&query, "z", "1"), 0);
                assert_int_equal(
                        request_template_new("http://h/", &query, &(StringList) {}, &template, &error), 0);
                assert_url(template, "{\"_id\": 7, \"text\": \"a&b +=#\"}", url);
        }
}

static void test_headers_replace_paths_and_leave_other_braces(void **state) {
        static const struct {
                const char *value;
                const char *line;
        } cases[] = {
                { "plain", "K: plain" },
                { "", "K: " },
                { "Bearer {token}", "K: Bearer t o/k%\xc3\xbc" },
                { "{a.b}{a.b}", "K: 11" },
                { "{{token}", "K: {token}" },
                { "{{{token}", "K: {t o/k%\xc3\xbc" },
                { "{\"a\": {a.b}, \"c\": {}}", "K: {\"a\": 1, \"c\": {}}" },
                { "{not a path} { {", "K: {not a path} { {" },
                { "{+token}", "K: {+token}" },
                { "100% }", "K: 100% }" },
                { "{fi%2Erst}", "K: F" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(request_template_freep) RequestTemplate *template = NULL;
                _cleanup_(string_list_deinit) StringList headers = {};
                bson_t *document =
                        bson("{\"token\": \"t o/k%\xc3\xbc\", \"a\": {\"b\": 1}, \"fi.rst\": \"F\"}");
                UserError error = {};
                RequestTexts texts;

                assert_int_equal(string_map_add(&headers, "K", cases[i].value), 0);
                assert_int_equal(string_map_add(&headers, "Last", "1"), 0);
                assert_int_equal(
                        request_template_new("http://h/", &(StringList) {}, &headers, &template, &error), 0);
                assert_int_equal(request_template_expand(template, document, &texts, &error), 0);
                assert_string_equal(texts.headers[0], cases[i].line);
                assert_string_equal(texts.headers[1], "Last: 1");
                assert_null(texts.headers[2]);

                request_texts_deinit(&texts);
                bson_destroy(document);
        }
}

static void test_a_value_cannot_begin_another_header(void **state) {
        static const char *const values[] = { "a\\r", "\\nEvil: 1", "a\\u0000b" };
        _cleanup_(request_template_freep) RequestTemplate *template = NULL;
        _cleanup_(string_list_deinit) StringList headers = {};
        UserError error = {};

        assert_int_equal(string_map_add(&headers, "A", "1"), 0);
        assert_int_equal(string_map_add(&headers, "K", "{v}"), 0);
        assert_int_equal(request_template_new("http://h/", &(StringList) {}, &headers, &template, &error), 0);

        for (size_t i = 0; i < ELEMENTSOF(values); i++) {
                _cleanup_free_ char *json = bson_strdup_printf("{\"v\": \"%s\"}", values[i]);

                assert_unusable(
                        template, json, "the document's v has a line break or NUL, which no header can hold");
        }
}

/* Larger than any first allocation, and every byte three times as long. */
static void test_long_values_are_whole(void **state) {
        enum { LEN = 100000 };
        _cleanup_(request_template_freep) RequestTemplate *template = compiled("{a}{a}");
        char *value = malloc(LEN + 1);
        bson_t *document = bson_new();
        UserError error = {};
        RequestTexts texts;

        memset(value, '/', LEN);
        value[LEN] = '\0';
        BSON_APPEND_UTF8(document, "a", value);

        assert_int_equal(request_template_expand(template, document, &texts, &error), 0);
        assert_int_equal(strlen(texts.url), 6 * LEN);
        assert_string_equal(texts.url + 6 * LEN - 6, "%2F%2F");

        request_texts_deinit(&texts);
        bson_destroy(document);
        free(value);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_rfc_6570_up_to_level_2),
                cmocka_unit_test(test_a_document_that_lacks_a_text_is_unusable),
                cmocka_unit_test(test_every_scalar_has_its_text),
                cmocka_unit_test(test_paths_reach_into_documents),
                cmocka_unit_test(test_literal_text_is_encoded_where_a_uri_cannot_hold_it),
                cmocka_unit_test(test_reserved_expansion_keeps_urls_as_they_are),
                cmocka_unit_test(test_a_nul_in_a_value_is_encoded),
                cmocka_unit_test(test_the_query_goes_where_the_url_lets_it),
                cmocka_unit_test(test_query_keys_are_literal_and_values_are_templates),
                cmocka_unit_test(test_headers_replace_paths_and_leave_other_braces),
                cmocka_unit_test(test_a_value_cannot_begin_another_header),
                cmocka_unit_test(test_long_values_are_whole),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
