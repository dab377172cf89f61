/* The stored form of an outcome, and how large it is taken to be. */

#include "daemon/store/outcome.h"

#include <string.h>

#include "tests/unit/unit.h"

static const bson_oid_t job = { .bytes = { 0x65, 0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 } };

/* Appends the meta and compares it, with its types. */
static void assert_meta(const Outcome *outcome, const char *expected) {
        bson_t meta = BSON_INITIALIZER;
        char *json;

        assert_true(outcome_append_meta(outcome, &job, "samples", 2, &meta));
        json = bson_as_canonical_extended_json(&meta, NULL);
        assert_string_equal(json, expected);
        bson_free(json);
        bson_destroy(&meta);
}

#define HEAD                                                                                                 \
        "{ \"id\" : { \"$oid\" : \"65a000000000000000000001\" }, \"job\" : \"samples\","                     \
        " \"gen\" : { \"$numberInt\" : \"2\" }, "
#define MS(_n)                                                                                               \
        "\"ms\" : { \"dns\" : { \"$numberDouble\" : \"" _n "\" }, \"connect\" : { \"$numberDouble\" : \"" _n \
        "\" }, \"tls\" : { \"$numberDouble\" : \"" _n "\" }, \"wait\" : { \"$numberDouble\" : \"" _n         \
        "\" }, \"total\" : { \"$numberDouble\" : \"" _n "\" } }, "

static void test_an_ok_has_what_says_something(void **state) {
        const Outcome outcome = {
                .state = OUTCOME_OK,
                .status = 200,
                .attempts = 1,
                .at_ms = 5,
                .timing = { 1500, 1500, 1500, 1500, 1500 },
                .bytes = UINT64_C(5000000000),
                .n = 100,
                .body = (char *)"never of an ok",
                .body_len = 14,
        };

        assert_meta(&outcome, HEAD "\"state\" : \"ok\", \"status\" : { \"$numberInt\" : \"200\" }, "
                                   "\"attempts\" : { \"$numberInt\" : \"1\" },"
                                   " \"at\" : { \"$date\" : { \"$numberLong\" : \"5\" } }, " MS(
                                           "1.5") "\"bytes\" : { \"$numberLong\" : \"5000000000\" }, \"n\" : "
                                                  "{ \"$numberInt\" : \"100\" } }");
}

static void test_a_failure_says_why(void **state) {
        const Outcome outcome = {
                .state = OUTCOME_FAILED,
                .reason = REASON_BAD_BODY,
                .attempts = 3,
                .raw = true,
                .error = (char *)"not JSON",
                .body = (char *)"<p>",
                .body_len = 3,
        };

        assert_meta(&outcome, HEAD "\"state\" : \"failed\", \"reason\" : \"bad_body\", \"attempts\" : { "
                                   "\"$numberInt\" : \"3\" },"
                                   " \"at\" : { \"$date\" : { \"$numberLong\" : \"0\" } }, " MS(
                                           "0.0") "\"bytes\" : { \"$numberInt\" : \"0\" }, \"n\" : { "
                                                  "\"$numberInt\" : \"0\" }, \"raw\" : true,"
                                                  " \"error\" : \"not JSON\", \"body\" : \"<p>\" }");
}

static void test_texts_that_are_not_utf8_become_binary(void **state) {
        const Outcome outcome = {
                .state = OUTCOME_FAILED,
                .reason = REASON_HTTP_STATUS,
                .error = (char *)"\xff",
                .body = (char *)"a\0\xc0\x80",
                .body_len = 4,
        };

        assert_meta(&outcome, HEAD
                "\"state\" : \"failed\", \"reason\" : \"http_status\", \"attempts\" : { \"$numberInt\" : "
                "\"0\" },"
                " \"at\" : { \"$date\" : { \"$numberLong\" : \"0\" } }, " MS(
                        "0.0") "\"bytes\" : { \"$numberInt\" : \"0\" }, \"n\" : { \"$numberInt\" : \"0\" },"
                               " \"error\" : { \"$binary\" : { \"base64\" : \"/w==\", \"subType\" : \"00\" } "
                               "},"
                               " \"body\" : { \"$binary\" : { \"base64\" : \"YQDAgA==\", \"subType\" : "
                               "\"00\" } } }");
}

static void test_a_refused_one_keeps_what_happened_but_not_the_answer(void **state) {
        Outcome outcome = {
                .state = OUTCOME_OK,
                .status = 200,
                .attempts = 2,
                .bytes = 7,
                .raw = true,
                .error = (char *)"e",
                .value_form = OUTCOME_VALUE_TEXT,
                .value = (char *)"v",
                .value_len = 1,
                .body = (char *)"b",
                .body_len = 1,
        };
        const Outcome refused = outcome_refused(&outcome);

        assert_int_equal(refused.state, OUTCOME_FAILED);
        assert_int_equal(refused.reason, REASON_STORE_REFUSED);
        assert_int_equal(refused.value_form, OUTCOME_VALUE_NONE);
        assert_null(refused.value);
        assert_null(refused.body);
        assert_false(refused.raw);
        assert_int_equal(refused.status, 200);
        assert_int_equal(refused.attempts, 2);
        assert_int_equal(refused.bytes, 7);
        assert_ptr_equal(refused.error, outcome.error);
}

static void test_the_size_grows_with_what_is_kept(void **state) {
        Outcome *outcome = outcome_new();
        size_t empty;

        assert_non_null(outcome);
        empty = outcome_size(outcome);
        outcome->key.value_type = BSON_TYPE_UTF8;
        outcome->key.value.v_utf8.str = bson_strdup("abc");
        outcome->key.value.v_utf8.len = 3;
        outcome->error = strdup("1234");
        outcome->value = strdup("12345");
        outcome->value_len = 5;
        outcome->body = strdup("123456");
        outcome->body_len = 6;
        assert_int_equal(outcome_size(outcome), empty + 3 + 4 + 5 + 6);
        outcome->value_bson = bson_new();
        assert_int_equal(outcome_size(outcome), empty + 3 + 4 + 5 + 6 + 5);
        assert_null(outcome_free(outcome));
        assert_null(outcome_free(NULL));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_an_ok_has_what_says_something),
                cmocka_unit_test(test_a_failure_says_why),
                cmocka_unit_test(test_texts_that_are_not_utf8_become_binary),
                cmocka_unit_test(test_a_refused_one_keeps_what_happened_but_not_the_answer),
                cmocka_unit_test(test_the_size_grows_with_what_is_kept),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
