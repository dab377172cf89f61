/* Bodies with equal keys in one object: what stays of their text. */

#include "daemon/store/json_rewrite.h"

#include <stdio.h>
#include <string.h>

#include "daemon/store/json_bson.h"
#include "tests/unit/unit.h"

static void parse(const char *text, size_t len, bool want_bson, JsonBody *ret_body) {
        assert_int_equal(json_body_parse(text, len, want_bson, ret_body, NULL, 0), 0);
}

static void test_of_equal_keys_the_last_counts(void **state) {
        static const struct {
                const char *text, *rewritten;
        } cases[] = {
                { "{\"a\":1,\"a\":2}", "{\"a\":2}" },
                { "{\"a\":1, \"b\":2.50 , \"a\" : 3e0 }", "{\"a\":3e0, \"b\":2.50 }" },
                { "{\"a\":1,\"a\":2,\"a\":[3]}", "{\"a\":[3]}" },
                { "{\"a\":1,\"\\u0061\":\"\\u00e4\"}", "{\"a\":\"\\u00e4\"}" },
                { "{\"\\u0061\":1,\"\\u0061\":2,\"b\":3}", "{\"\\u0061\":2,\"b\":3}" },
                { "[{\"a\":1},{\"a\":1,\"a\":{\"b\":1,\"b\":2}}]", "[{\"a\":1},{\"a\":{\"b\":2}}]" },
                { "{\"a\":{\"b\":1,\"b\":2},\"a\":0}", "{\"a\":0}" },
                { "{\"a\":{\"b\":1,\"b\":2},\"c\":{\"d\":[1],\"d\":[2]}}",
                        "{\"a\":{\"b\":2},\"c\":{\"d\":[2]}}" },
                { "{\"\":1,\"\":2}", "{\"\":2}" },
                { "{\"x\":{\"y\":1},\"y\":2,\"x\":{\"y\":3,\"z\":4,\"y\":5}} ",
                        "{\"x\":{\"y\":5,\"z\":4},\"y\":2} " },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                JsonBody body = {}, again = {};
                size_t len = strlen(cases[i].rewritten);

                parse(cases[i].rewritten, len, true, &again);
                assert_null(again.rewritten);

                for (int want_bson = 0; want_bson < 2; want_bson++) {
                        parse(cases[i].text, strlen(cases[i].text), want_bson, &body);
                        assert_int_equal(body.rewritten_len, len);
                        assert_memory_equal(body.rewritten, cases[i].rewritten, len);
                        assert_int_equal(body.bson != NULL, want_bson);
                        assert_true(!body.bson || bson_equal(body.bson, again.bson));
                        json_body_deinit(&body);
                }

                json_body_deinit(&again);
        }
}

static void test_without_equal_keys_the_text_stays(void **state) {
        static const char *const cases[] = { "1", "[]", "{}", " {\"a\": 1e0, \"\\u0062\": [{\"a\": 2}]}\n" };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *text = NULL;
                size_t len;

                assert_int_equal(json_rewrite(cases[i], strlen(cases[i]), &text, &len), 0);
                assert_int_equal(len, strlen(cases[i]));
                assert_memory_equal(text, cases[i], len);
        }
}

/* More keys than are compared pair by pair, the equal ones far from each other. */
static void test_equal_keys_among_many(void **state) {
        _cleanup_free_ char *text = malloc(50000 * 24);
        JsonBody body = {};
        size_t len = 0;

        assert_non_null(text);
        for (int i = 0; i < 50000; i++)
                len += (size_t)sprintf(text + len, "%s\"key%d\": %d", i ? ", " : "{", i, i);

        text[len] = '}';
        parse(text, len + 1, true, &body);
        assert_null(body.rewritten);
        assert_int_equal(bson_count_keys(body.bson), 1);
        json_body_deinit(&body);

        len += (size_t)sprintf(text + len, ", \"key7\": \"last\"}");
        parse(text, len, true, &body);
        assert_non_null(strstr(body.rewritten, "\"key7\": \"last\", \"key8\": 8"));
        assert_memory_equal(body.rewritten + body.rewritten_len - 7, " 49999}", 7);
        json_body_deinit(&body);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_of_equal_keys_the_last_counts),
                cmocka_unit_test(test_without_equal_keys_the_text_stays),
                cmocka_unit_test(test_equal_keys_among_many),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
