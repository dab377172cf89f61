/* Which errors pass by themselves, which concern all of a collection, and which one document. */

#include "daemon/store/mongo_error.h"

#include <string.h>

#include "tests/unit/unit.h"

static void test_what_a_servers_code_means(void **state) {
        static const struct {
                int32_t code;
                MongoVerdict verdict;
        } cases[] = {
                { 10107, MONGO_VERDICT_AWAY },
                { 13435, MONGO_VERDICT_AWAY },
                { 11600, MONGO_VERDICT_AWAY },
                { 11602, MONGO_VERDICT_AWAY },
                { 189, MONGO_VERDICT_AWAY },
                { 91, MONGO_VERDICT_AWAY },
                { 43, MONGO_VERDICT_AWAY },
                { 262, MONGO_VERDICT_AWAY },
                { 13, MONGO_VERDICT_REFUSED },
                { 18, MONGO_VERDICT_REFUSED },
                { 14031, MONGO_VERDICT_REFUSED },
                { 121, MONGO_VERDICT_DOCUMENT },
                { 10334, MONGO_VERDICT_DOCUMENT },
                { 17419, MONGO_VERDICT_DOCUMENT },
                { 52, MONGO_VERDICT_DOCUMENT },
                { 4711, MONGO_VERDICT_UNKNOWN },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                assert_int_equal(mongo_error_verdict(cases[i].code), cases[i].verdict);
}

static void test_away_or_refused(void **state) {
        static const struct {
                uint32_t domain, code;
                const char *label;
                int expected;
        } cases[] = {
                { MONGOC_ERROR_SERVER_SELECTION, MONGOC_ERROR_SERVER_SELECTION_FAILURE, NULL, STORE_E_AWAY },
                { MONGOC_ERROR_STREAM, MONGOC_ERROR_STREAM_SOCKET, NULL, STORE_E_AWAY },
                { MONGOC_ERROR_PROTOCOL, MONGOC_ERROR_PROTOCOL_INVALID_REPLY, NULL, STORE_E_AWAY },
                { MONGOC_ERROR_PROTOCOL, MONGOC_ERROR_PROTOCOL_BAD_WIRE_VERSION, NULL, STORE_E_REFUSED },
                { MONGOC_ERROR_CLIENT, MONGOC_ERROR_CLIENT_AUTHENTICATE, NULL, STORE_E_REFUSED },
                { MONGOC_ERROR_SERVER, 11600, NULL, STORE_E_AWAY },
                { MONGOC_ERROR_WRITE_CONCERN, 64, NULL, STORE_E_AWAY },
                { MONGOC_ERROR_SERVER, 13, NULL, STORE_E_REFUSED },
                { MONGOC_ERROR_SERVER, 2, NULL, STORE_E_REFUSED },
                { MONGOC_ERROR_SERVER, 4711, NULL, STORE_E_REFUSED },
                { MONGOC_ERROR_SERVER, 4711, "RetryableWriteError", STORE_E_AWAY },
                { MONGOC_ERROR_SERVER, 4711, "AnotherLabel", STORE_E_REFUSED },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const char *label = cases[i].label ? cases[i].label : "";
                bson_t *reply = BCON_NEW("errorLabels", "[", BCON_UTF8(label), "]");
                bson_error_t error = {
                        .domain = cases[i].domain, .code = cases[i].code, .message = "two\nlines"
                };
                StoreFailure failure = {};

                assert_int_equal(mongo_error_fail(&error, reply, &failure), cases[i].expected);
                assert_int_equal(failure.code, cases[i].code);
                assert_string_equal(failure.message, "two lines");
                assert_int_equal(mongo_error_fail(&error, NULL, NULL),
                        cases[i].label ? STORE_E_REFUSED : cases[i].expected);
                bson_destroy(reply);
        }
}

static bson_t *reply_of(const char *json) {
        bson_error_t error;
        bson_t *reply = bson_new_from_json((const uint8_t *)json, -1, &error);

        assert_non_null(reply);
        return reply;
}

static void test_errors_of_single_operations(void **state) {
        bson_t *reply = reply_of(
                "{\"nMatched\": 3, \"writeErrors\": [{\"index\": 2, \"code\": 121, \"errmsg\": \"no\"},"
                " {\"index\": 5, \"code\": 13}], \"writeConcernErrors\": []}");
        bson_error_t error;
        bson_iter_t iter;
        uint32_t index;

        assert_true(mongo_error_first(&iter, reply, &index, &error));
        assert_int_equal(index, 2);
        assert_int_equal(error.code, 121);
        assert_string_equal(error.message, "no");
        assert_true(mongo_error_is_answer(&error));
        assert_true(mongo_error_next(&iter, &index, &error));
        assert_int_equal(index, 5);
        assert_int_equal(error.code, 13);
        assert_false(mongo_error_next(&iter, &index, &error));
        assert_int_equal(mongo_error_of_concern(reply, NULL), 0);
        bson_destroy(reply);

        reply = reply_of("{\"nMatched\": 3, \"writeErrors\": []}");
        assert_false(mongo_error_first(&iter, reply, &index, &error));
        assert_int_equal(mongo_error_of_concern(reply, NULL), 0);
        bson_destroy(reply);
}

static void test_errors_of_the_write_concern(void **state) {
        bson_t *reply = reply_of(
                "{\"writeConcernErrors\": [{\"code\": 64, \"errmsg\": \"waiting for replication\"}]}");
        StoreFailure failure = {};

        assert_int_equal(mongo_error_of_concern(reply, &failure), STORE_E_AWAY);
        assert_int_equal(failure.code, 64);
        assert_string_equal(failure.message, "waiting for replication");
        bson_destroy(reply);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_a_servers_code_means),
                cmocka_unit_test(test_away_or_refused),
                cmocka_unit_test(test_errors_of_single_operations),
                cmocka_unit_test(test_errors_of_the_write_concern),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
