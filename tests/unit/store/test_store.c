/* What is the same for every kind of store: schemes, failures in one line, pages, imported documents. */

#include <errno.h>
#include <string.h>

#include "daemon/store/store_ops.h"
#include "tests/unit/unit.h"

static void test_an_unknown_scheme_is_named_without_its_secrets(void **state) {
        _cleanup_(user_error_deinit) UserError error = {};
        Store *store = NULL;

        assert_int_equal(store_open("postgres://user:secret@host/x", NULL, &store, &error), -EINVAL);
        assert_null(store);
        assert_string_equal(error.message, "\"postgres\" is not a kind of store");
        assert_non_null(strstr(error.hint, "sqlite:FILE"));
}

static void test_a_uri_without_a_scheme_is_not_repeated(void **state) {
        static const char *const uris[] = { "secret", "secret@host:27017", "secret/x" };

        for (size_t i = 0; i < ELEMENTSOF(uris); i++) {
                _cleanup_(user_error_deinit) UserError error = {};

                assert_int_equal(store_check_uri(uris[i], &error), -EINVAL);
                assert_null(strstr(error.message, "secret"));
                assert_non_null(strstr(error.hint, "mongodb://HOST"));
        }
}

static void test_a_failure_is_one_line(void **state) {
        StoreFailure failure = {};
        char longer[500];

        assert_int_equal(store_fail(STORE_E_AWAY, &failure, 7, "no\r\nroute to %s", "host"), STORE_E_AWAY);
        assert_int_equal(failure.code, 7);
        assert_string_equal(failure.message, "no  route to host");

        memset(longer, 'x', sizeof(longer) - 1);
        longer[sizeof(longer) - 1] = '\0';
        store_fail(STORE_E_REFUSED, &failure, 8, "%s", longer);
        assert_int_equal(strlen(failure.message), sizeof(failure.message) - 1);
        assert_int_equal(store_fail(STORE_E_REFUSED, NULL, 8, "nobody asks"), STORE_E_REFUSED);
}

static void test_a_page_grows_and_counts_bytes(void **state) {
        StorePage *page = store_page_new();

        assert_non_null(page);
        for (int i = 0; i < 1000; i++) {
                bson_t *document = bson_new();
                StoreRow *row;

                bson_append_int32(document, "_id", -1, i);
                row = store_page_add(page, document);
                assert_non_null(row);
                assert_ptr_equal(row->document, document);
                assert_false(row->answered);
        }

        assert_int_equal(page->n_rows, 1000);
        assert_int_equal(page->bytes, 14000);
        for (int i = 0; i < 1000; i++) {
                bson_iter_t iter;

                assert_true(bson_iter_init_find(&iter, page->rows[i].document, "_id"));
                assert_int_equal(bson_iter_int32(&iter), i);
        }
        assert_null(store_page_free(page));
        assert_null(store_page_free(NULL));
}

static void test_imported_documents_have_their_id_first(void **state) {
        bson_t source = BSON_INITIALIZER, *document;
        bson_iter_t iter;

        bson_append_int32(&source, "x", -1, 1);
        bson_append_utf8(&source, "_id", -1, "a", -1);
        bson_append_int32(&source, "y", -1, 2);
        assert_int_equal(store_importable(&source, &document, NULL), 0);
        assert_int_equal(bson_count_keys(document), 3);
        assert_true(bson_iter_init(&iter, document) && bson_iter_next(&iter));
        assert_string_equal(bson_iter_key(&iter), "_id");
        assert_string_equal(bson_iter_utf8(&iter, NULL), "a");
        bson_destroy(document);
        bson_destroy(&source);
}

static void test_ids_that_no_store_takes_are_refused(void **state) {
        static const bson_value_t ids[] = {
                { .value_type = BSON_TYPE_ARRAY, .value.v_doc = { (uint8_t *)"\5\0\0\0", 5 } },
                { .value_type = BSON_TYPE_UNDEFINED },
                { .value_type = BSON_TYPE_REGEX, .value.v_regex = { (char *)"x", (char *)"" } },
        };

        for (size_t i = 0; i < ELEMENTSOF(ids); i++) {
                bson_t source = BSON_INITIALIZER, *document = NULL;
                StoreFailure failure = {};

                assert_true(bson_append_value(&source, "_id", -1, &ids[i]));
                assert_int_equal(store_importable(&source, &document, &failure), STORE_E_REFUSED);
                assert_null(document);
                assert_true(failure.message[0]);
                bson_destroy(&source);
        }
}

static void test_nothing_to_write_is_written(void **state) {
        Store *store = NULL;
        UserError error = {};

        assert_int_equal(store_open("memory:", NULL, &store, &error), 0);
        assert_int_equal(store_write(store, &(StoreTarget) {}, NULL, 0, NULL, NULL), 0);
        assert_string_equal(store_kind(store), "memory");
        assert_string_equal(store_address(store), "memory:");
        assert_null(store_free(store));
        assert_null(store_free(NULL));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_an_unknown_scheme_is_named_without_its_secrets),
                cmocka_unit_test(test_a_uri_without_a_scheme_is_not_repeated),
                cmocka_unit_test(test_a_failure_is_one_line),
                cmocka_unit_test(test_a_page_grows_and_counts_bytes),
                cmocka_unit_test(test_imported_documents_have_their_id_first),
                cmocka_unit_test(test_ids_that_no_store_takes_are_refused),
                cmocka_unit_test(test_nothing_to_write_is_written),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
