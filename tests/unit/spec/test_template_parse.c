/* Templates that are refused, at which column and with which advice, and what templates say they read. */

#include <errno.h>
#include <string.h>

#include "daemon/spec/template.h"
#include "tests/unit/unit.h"

static void test_wrong_templates_say_at_which_column(void **state) {
        static const struct {
                const char *template;
                const char *error;
        } cases[] = {
                { "ab{c",
                        "request.url: column 3: this { is not closed (close it, or write %7B for a brace)" },
                { "{", "request.url: column 1: this { is not closed (close it, or write %7B for a brace)" },
                { "{+", "request.url: column 1: this { is not closed (close it, or write %7B for a brace)" },
                { "a}b", "request.url: column 2: this } closes nothing (write %7D for a brace)" },
                { "{}", "request.url: column 1: {} names no field (write {name}, {+name} or {#name})" },
                { "{+}", "request.url: column 1: {} names no field (write {name}, {+name} or {#name})" },
                { "h{?x}", "request.url: column 3: \"?\" is not supported in a template (write {name}, "
                           "{+name} or {#name})" },
                { "{/x}", "request.url: column 2: \"/\" is not supported in a template (write {name}, "
                          "{+name} or {#name})" },
                { "{.x}", "request.url: column 2: \".\" is not supported in a template (write {name}, "
                          "{+name} or {#name})" },
                { "{;x}", "request.url: column 2: \";\" is not supported in a template (write {name}, "
                          "{+name} or {#name})" },
                { "{&x}", "request.url: column 2: \"&\" is not supported in a template (write {name}, "
                          "{+name} or {#name})" },
                { "{x*}", "request.url: column 3: \"*\" is not supported in a template (write {name}, "
                          "{+name} or {#name})" },
                { "{x:3}", "request.url: column 3: \":\" is not supported in a template (write {name}, "
                           "{+name} or {#name})" },
                { "{x,y}", "request.url: column 3: \",\" is not supported in a template (write {name}, "
                           "{+name} or {#name})" },
                { "{user-id}", "request.url: column 6: this cannot stand in a name (write %2D for it)" },
                { "{\xe2\x82\xac}",
                        "request.url: column 2: this cannot stand in a name (write %E2%82%AC for it)" },
                { "{a..b}", "request.url: column 3: this cannot stand in a name (write {name}, {+name} or "
                            "{#name})" },
                { "{a.}", "request.url: column 3: this cannot stand in a name (write {name}, {+name} or "
                          "{#name})" },
                { "{a%2}", "request.url: column 3: this cannot stand in a name (write {name}, {+name} or "
                           "{#name})" },
                { "{a%00}", "request.url: column 3: this cannot stand in a name (write {name}, {+name} or "
                            "{#name})" },
                { "{a%FF}", "request.url: column 2: no field has this name (write the bytes of UTF-8)" },
                { "{a{b}}", "request.url: column 3: this cannot stand in a name (write %7B for it)" },
                { "h?t=${credential:api}", "request.url: column 5: ${credential:...} is not supported yet" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(user_error_deinit) UserError error = {};
                _cleanup_free_ char *text = NULL;
                RequestTemplate *template = NULL;

                assert_int_equal(request_template_new(cases[i].template, &(StringList) {}, &(StringList) {},
                                         &template, &error),
                        -EINVAL);
                assert_null(template);
                text = user_error_format(&error);
                assert_string_equal(text, cases[i].error);
        }
}

static void test_a_wrong_query_names_its_key(void **state) {
        _cleanup_(string_list_deinit) StringList query = {};
        _cleanup_(user_error_deinit) UserError error = {};
        RequestTemplate *template;

        assert_int_equal(string_map_add(&query, "ok", "1"), 0);
        assert_int_equal(string_map_add(&query, "id", "{"), 0);
        assert_int_equal(
                request_template_new("{+url}", &query, &(StringList) {}, &template, &error), -EINVAL);
        assert_string_equal(error.where, "request.query.id");
}

static void test_wrong_headers_are_refused_by_name(void **state) {
        static const struct {
                const char *name, *value;
                const char *error;
        } cases[] = {
                { "a b", "1",
                        "request.headers.a b: \"a b\" cannot be a header's name (letters, digits and "
                        "dashes)" },
                { "", "1", "request.headers.: \"\" cannot be a header's name (letters, digits and dashes)" },
                { "K:", "1",
                        "request.headers.K:: \"K:\" cannot be a header's name (letters, digits and dashes)" },
                { "\xc3\xbc", "1",
                        "request.headers.\xc3\xbc: \"\xc3\xbc\" cannot be a header's name (letters, digits "
                        "and dashes)" },
                { "K", "a\nb", "request.headers.K: there is a line break in this header" },
                { "K", "a\r", "request.headers.K: there is a line break in this header" },
                { "ACCEPT", "1",
                        "request.headers.ACCEPT: this header is there already, as Accept (write it once)" },
                { "Authorization", "Bearer ${credential:api-token}",
                        "request.headers.Authorization: column 8: ${credential:...} is not supported yet" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(string_list_deinit) StringList headers = {};
                _cleanup_(user_error_deinit) UserError error = {};
                _cleanup_free_ char *text = NULL;
                RequestTemplate *template;

                assert_int_equal(string_map_add(&headers, "Accept", "*/*"), 0);
                assert_int_equal(string_map_add(&headers, cases[i].name, cases[i].value), 0);
                assert_int_equal(
                        request_template_new("{+url}", &(StringList) {}, &headers, &template, &error),
                        -EINVAL);
                text = user_error_format(&error);
                assert_string_equal(text, cases[i].error);
        }
}

static void test_fields_are_what_has_to_be_read(void **state) {
        static const struct {
                const char *url;
                const char *fields[5]; /* up to NULL */
                bool whole;
        } cases[] = {
                { "{+url}", { "url", "k", "h", NULL }, false },
                { "http://h/", { "k", "h", NULL }, false },
                { "{a.b}{a.c}{_id}{k}", { "a", "k", "h", NULL }, false },
                { "{x%2Dy}", { "x-y", "k", "h", NULL }, false },
                { "{x%2Ey}", {}, true },
                { "{%24x}", {}, true },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(request_template_freep) RequestTemplate *template = NULL;
                _cleanup_(string_list_deinit) StringList query = {}, headers = {};
                const char *const *fields;
                UserError error = {};
                size_t n = 0;

                assert_int_equal(string_map_add(&query, "q", "{k}"), 0);
                assert_int_equal(string_map_add(&headers, "H", "{h.0}"), 0);
                assert_int_equal(request_template_new(cases[i].url, &query, &headers, &template, &error), 0);

                fields = request_template_fields(template);
                assert_int_equal(fields == NULL, cases[i].whole);
                for (; fields && fields[n]; n++)
                        assert_string_equal(fields[n], cases[i].fields[n]);
                assert_null(cases[i].fields[n]);
        }
}

static void test_a_template_that_reads_nothing_has_no_fields(void **state) {
        _cleanup_(request_template_freep) RequestTemplate *template = NULL;
        UserError error = {};

        assert_int_equal(
                request_template_new("http://h/{_id}", &(StringList) {}, &(StringList) {}, &template, &error),
                0);
        assert_non_null(request_template_fields(template));
        assert_null(request_template_fields(template)[0]);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_wrong_templates_say_at_which_column),
                cmocka_unit_test(test_a_wrong_query_names_its_key),
                cmocka_unit_test(test_wrong_headers_are_refused_by_name),
                cmocka_unit_test(test_fields_are_what_has_to_be_read),
                cmocka_unit_test(test_a_template_that_reads_nothing_has_no_fields),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
