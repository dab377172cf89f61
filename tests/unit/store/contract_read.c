/* What a reader promises: every document once, in the order of _ids of all types, whatever the pages. */

#include <string.h>

#include "tests/unit/store/contract_cases.h"

/* One document of each kind of _id that people have, in BSON's order; numbers are one bracket. */
static const char *const mixed_ids[] = {
        "null",
        "{\"$numberDouble\": \"NaN\"}",
        "{\"$numberDouble\": \"-Infinity\"}",
        "-2.5",
        "-1",
        "{\"$numberLong\": \"0\"}",
        "0.5",
        "{\"$numberDecimal\": \"1.5\"}",
        "2",
        "10",
        "{\"$numberLong\": \"3000000000\"}",
        "{\"$numberDouble\": \"1e300\"}",
        "\"\"",
        "\"A\"",
        "\"a\"",
        "\"a b\"",
        "\"\u00e4\"",
        "{\"a\": 1}",
        "{\"a\": 2}",
        "{\"a\": 2, \"b\": 0}",
        "{\"$binary\": {\"base64\": \"AQI=\", \"subType\": \"00\"}}",
        "{\"$oid\": \"507f1f77bcf86cd799439011\"}",
        "{\"$oid\": \"507f1f77bcf86cd799439012\"}",
        "false",
        "true",
        "{\"$date\": \"1970-01-01T00:00:00Z\"}",
        "{\"$date\": \"2026-11-23T12:00:00.5Z\"}",
};

static void given_mixed_ids(Contract *contract, char *ret_expected, size_t size) {
        char json[4096] = "[";

        /* Imported backwards, so that the order cannot be that of the import. */
        for (size_t i = ELEMENTSOF(mixed_ids); i-- > 0;)
                snprintf(json + strlen(json), sizeof(json) - strlen(json), "{\"_id\": %s}%s", mixed_ids[i],
                        i > 0 ? ", " : "]");
        given_documents(contract, json);

        strcpy(ret_expected, "[");
        for (size_t i = 0; i < ELEMENTSOF(mixed_ids); i++)
                snprintf(ret_expected + strlen(ret_expected), size - strlen(ret_expected), "%s%s",
                        mixed_ids[i], i + 1 < ELEMENTSOF(mixed_ids) ? ", " : "]");
}

static void mixed_ids_come_in_order_over_any_page_border(void **state) {
        _cleanup_free_ char *whole = NULL;
        Contract *contract = *state;
        StoreQuery query = query_of(contract, STORE_SELECT_PENDING, JOB_1, 1);
        char expected[4096];

        given_mixed_ids(contract, expected, sizeof(expected));
        assert_ids(contract, &query, expected);

        whole = read_ids(contract, &query, NULL, 1000);
        for (size_t n = 1; n <= ELEMENTSOF(mixed_ids) + 1; n++) {
                _cleanup_free_ char *paged = read_ids(contract, &query, NULL, n);

                assert_string_equal(paged, whole);
        }
}

static void reading_begins_after_any_id_of_any_type(void **state) {
        _cleanup_(store_reader_freep) StoreReader *reader = NULL;
        _cleanup_(store_page_freep) StorePage *all = NULL;
        Contract *contract = *state;
        StoreQuery query = query_of(contract, STORE_SELECT_PENDING, JOB_1, 1);
        char expected[4096];

        given_mixed_ids(contract, expected, sizeof(expected));
        assert_int_equal(store_reader_new(contract->store, &query, NULL, &reader), 0);
        all = next_page(reader, 1000, SIZE_MAX);
        assert_int_equal(all->n_rows, ELEMENTSOF(mixed_ids));

        for (size_t i = 0; i < all->n_rows; i++) {
                _cleanup_(store_reader_freep) StoreReader *rest = NULL;
                bson_iter_t iter;
                size_t n = 0;
                bool end = false;

                assert_true(bson_iter_init(&iter, all->rows[i].document) && bson_iter_next(&iter));
                assert_int_equal(store_reader_new(contract->store, &query, bson_iter_value(&iter), &rest), 0);
                while (!end) {
                        _cleanup_(store_page_freep) StorePage *page = next_page(rest, 1000, SIZE_MAX);

                        n += page->n_rows;
                        end = page->end;
                }
                assert_int_equal(n, all->n_rows - i - 1);
        }
}

static void an_empty_collection_is_one_empty_page(void **state) {
        _cleanup_(store_reader_freep) StoreReader *reader = NULL;
        _cleanup_(store_page_freep) StorePage *page = NULL;
        Contract *contract = *state;
        StoreQuery query = query_of(contract, STORE_SELECT_PENDING, JOB_1, 1);

        assert_int_equal(store_reader_new(contract->store, &query, NULL, &reader), 0);
        page = next_page(reader, 10, SIZE_MAX);
        assert_true(page->end);
        assert_int_equal(page->n_rows, 0);
}

static void a_reader_that_met_the_end_sees_what_comes_later(void **state) {
        _cleanup_(store_reader_freep) StoreReader *reader = NULL;
        _cleanup_(store_page_freep) StorePage *first = NULL;
        _cleanup_(store_page_freep) StorePage *second = NULL;
        Contract *contract = *state;
        StoreQuery query = query_of(contract, STORE_SELECT_PENDING, JOB_1, 1);

        given_numbers(contract, 2);
        assert_int_equal(store_reader_new(contract->store, &query, NULL, &reader), 0);
        first = next_page(reader, 10, SIZE_MAX);
        assert_true(first->end);
        assert_int_equal(first->n_rows, 2);

        given_documents(contract, "[{\"_id\": 3}, {\"_id\": \"of a later type\"}]");
        second = next_page(reader, 10, SIZE_MAX);
        assert_true(second->end);
        assert_int_equal(second->n_rows, 2);
}

static void a_page_ends_once_its_bytes_are_reached(void **state) {
        _cleanup_(store_reader_freep) StoreReader *reader = NULL;
        Contract *contract = *state;
        StoreQuery query = query_of(contract, STORE_SELECT_PENDING, JOB_1, 1);
        static const size_t max_bytes[] = { 0, 1, 20, 29 }; /* one of these documents has 14 bytes */
        static const size_t expected_rows[] = { 1, 1, 2, 3 };

        given_numbers(contract, 10);
        assert_int_equal(store_reader_new(contract->store, &query, NULL, &reader), 0);
        for (size_t i = 0; i < ELEMENTSOF(max_bytes); i++) {
                _cleanup_(store_page_freep) StorePage *page = next_page(reader, 1000, max_bytes[i]);

                assert_int_equal(page->n_rows, expected_rows[i]);
                assert_int_equal(page->bytes, 14 * expected_rows[i]);
                assert_false(page->end);
        }
}

static void a_rest_in_the_middle_loses_nothing(void **state) {
        _cleanup_(store_reader_freep) StoreReader *reader = NULL;
        Contract *contract = *state;
        StoreQuery query = query_of(contract, STORE_SELECT_PENDING, JOB_1, 1);
        int expected = 1;
        bool end = false;

        given_numbers(contract, 10);
        assert_int_equal(store_reader_new(contract->store, &query, NULL, &reader), 0);
        while (!end) {
                _cleanup_(store_page_freep) StorePage *page = next_page(reader, 3, SIZE_MAX);

                for (size_t i = 0; i < page->n_rows; i++) {
                        bson_iter_t iter;

                        assert_true(bson_iter_init_find(&iter, page->rows[i].document, "_id"));
                        assert_int_equal(bson_iter_as_int64(&iter), expected++);
                }
                end = page->end;
                store_reader_rest(reader);
        }

        assert_int_equal(expected, 11);
}

static void a_projection_gives_the_id_first_and_the_named_fields_only(void **state) {
        static const char *const fields[] = { "url", "deep", "absent", NULL };
        _cleanup_(store_reader_freep) StoreReader *reader = NULL;
        _cleanup_(store_page_freep) StorePage *page = NULL;
        Contract *contract = *state;
        StoreQuery query = query_of(contract, STORE_SELECT_PENDING, JOB_1, 1);
        const bson_t *document;
        bson_iter_t iter;

        given_documents(contract,
                "[{\"x\": 1, \"deep\": {\"x\": [1, 2]}, \"_id\": \"a\", \"url\": \"u\", \"url2\": \"v\"}]");
        query.fields = fields;
        assert_int_equal(store_reader_new(contract->store, &query, NULL, &reader), 0);
        page = next_page(reader, 10, SIZE_MAX);
        assert_int_equal(page->n_rows, 1);

        document = page->rows[0].document;
        assert_true(bson_iter_init(&iter, document) && bson_iter_next(&iter));
        assert_string_equal(bson_iter_key(&iter), "_id");
        assert_int_equal(bson_count_keys(document), 3);
        assert_field(document, "deep", "{\"x\": [1, 2]}");
        assert_field(document, "url", "\"u\"");
}

static void no_projection_gives_whole_documents(void **state) {
        _cleanup_(store_reader_freep) StoreReader *reader = NULL;
        _cleanup_(store_page_freep) StorePage *page = NULL;
        Contract *contract = *state;
        StoreQuery query = query_of(contract, STORE_SELECT_PENDING, JOB_1, 1);
        bson_iter_t iter;

        given_documents(contract,
                "[{\"x\": 0.1, \"_id\": 7, \"when\": {\"$date\": \"2026-11-23T12:00:00Z\"},"
                " \"nul\": \"a\\u0000b\", \"list\": [null, {\"$numberDecimal\": \"1.10\"}]}]");
        assert_int_equal(store_reader_new(contract->store, &query, NULL, &reader), 0);
        page = next_page(reader, 10, SIZE_MAX);
        assert_int_equal(page->n_rows, 1);

        assert_true(bson_iter_init(&iter, page->rows[0].document) && bson_iter_next(&iter));
        assert_string_equal(bson_iter_key(&iter), "_id");
        assert_field(page->rows[0].document, "x", "0.1");
        assert_field(page->rows[0].document, "when", "{\"$date\": \"2026-11-23T12:00:00Z\"}");
        assert_field(page->rows[0].document, "nul", "\"a\\u0000b\"");
        assert_field(page->rows[0].document, "list", "[null, {\"$numberDecimal\": \"1.10\"}]");
}

static void other_collections_stay_out_of_sight(void **state) {
        Contract *contract = *state;
        StoreQuery query = query_of(contract, STORE_SELECT_PENDING, JOB_1, 1);
        char longer[sizeof(contract->collection) + 8];

        given_numbers(contract, 3);
        snprintf(longer, sizeof(longer), "%s2", contract->collection);
        query.target.collection = longer;
        assert_ids(contract, &query, "[]");
        assert_int_equal(count_of(contract, &query), 0);
}

const ContractCase contract_read_cases[] = {
        CONTRACT_CASE(mixed_ids_come_in_order_over_any_page_border),
        CONTRACT_CASE(reading_begins_after_any_id_of_any_type),
        CONTRACT_CASE(an_empty_collection_is_one_empty_page),
        CONTRACT_CASE(a_reader_that_met_the_end_sees_what_comes_later),
        CONTRACT_CASE(a_page_ends_once_its_bytes_are_reached),
        CONTRACT_CASE(a_rest_in_the_middle_loses_nothing),
        CONTRACT_CASE(a_projection_gives_the_id_first_and_the_named_fields_only),
        CONTRACT_CASE(no_projection_gives_whole_documents),
        CONTRACT_CASE(other_collections_stay_out_of_sight),
};

const size_t contract_n_read_cases = ELEMENTSOF(contract_read_cases);
