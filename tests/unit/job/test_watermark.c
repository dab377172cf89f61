/* The watermark never passes a document without outcome, and its totals are those of what it has passed. */

#include "daemon/job/watermark.h"

#include "tests/unit/unit.h"

#define MANY (WATERMARK_PAGE_DOCUMENTS * 3)

static bson_value_t number(int32_t n) {
        return (bson_value_t) { .value_type = BSON_TYPE_INT32, .value.v_int32 = n };
}

static void begin(Watermark *watermark) {
        Tally nothing = {};

        watermark_init(watermark, NULL, &nothing);
}

/* Documents 0 to n - 1; pages[i] is where the i-th went. */
static void read_all(Watermark *watermark, WatermarkPage **pages, int32_t n) {
        for (int32_t i = 0; i < n; i++) {
                bson_value_t key = number(i);

                pages[i] = watermark_page(watermark);
                assert_non_null(pages[i]);
                watermark_add(pages[i], &key);
        }
}

static bool finish(Watermark *watermark, WatermarkPage *page) {
        Tally one = { .ok = 1, .attempts = 2 };

        return watermark_finish(watermark, page, &one);
}

static void test_a_page_folds_when_it_and_all_before_it_are_finished(void **state) {
        WatermarkPage **pages = calloc(MANY, sizeof(*pages));
        Watermark watermark;

        begin(&watermark);
        read_all(&watermark, pages, MANY);

        for (int32_t i = WATERMARK_PAGE_DOCUMENTS; i < 2 * WATERMARK_PAGE_DOCUMENTS; i++)
                assert_false(finish(&watermark, pages[i])); /* the second page; the first is open */
        assert_int_equal(watermark.at.value_type, BSON_TYPE_EOD);

        for (int32_t i = 1; i < WATERMARK_PAGE_DOCUMENTS; i++)
                assert_false(finish(&watermark, pages[i]));
        assert_true(finish(&watermark, pages[0]));

        assert_int_equal(watermark.at.value.v_int32, 2 * WATERMARK_PAGE_DOCUMENTS - 1);
        assert_int_equal(watermark.tally.ok, 2 * WATERMARK_PAGE_DOCUMENTS);
        assert_int_equal(watermark.tally.attempts, 4 * WATERMARK_PAGE_DOCUMENTS);
        watermark_deinit(&watermark);
        free(pages);
}

static void test_the_last_page_folds_once_reading_has_ended(void **state) {
        WatermarkPage *pages[3];
        Watermark watermark;

        begin(&watermark);
        read_all(&watermark, pages, 3);
        assert_false(finish(&watermark, pages[0]));
        assert_false(finish(&watermark, pages[1]));
        watermark_end(&watermark);
        assert_true(finish(&watermark, pages[2]));
        assert_int_equal(watermark.at.value.v_int32, 2);
        assert_int_equal(watermark.n_pages, 0);
        watermark_deinit(&watermark);
}

static void test_reading_that_ends_later_folds_what_is_finished(void **state) {
        WatermarkPage *pages[2];
        Watermark watermark;

        begin(&watermark);
        read_all(&watermark, pages, 2);
        finish(&watermark, pages[0]);
        finish(&watermark, pages[1]);
        assert_int_equal(watermark.at.value_type, BSON_TYPE_EOD);
        watermark_end(&watermark);
        assert_int_equal(watermark.at.value.v_int32, 1);
        watermark_deinit(&watermark);
}

static void test_open_pages_are_bounded(void **state) {
        int32_t most = WATERMARK_PAGES_MAX * WATERMARK_PAGE_DOCUMENTS;
        WatermarkPage **pages = calloc((size_t)most, sizeof(*pages));
        Watermark watermark;

        begin(&watermark);
        read_all(&watermark, pages, most);
        assert_null(watermark_page(&watermark));

        for (int32_t i = 0; i < WATERMARK_PAGE_DOCUMENTS; i++)
                finish(&watermark, pages[i]);
        assert_non_null(watermark_page(&watermark));
        watermark_deinit(&watermark);
        free(pages);
}

static void test_it_goes_on_from_where_it_stood(void **state) {
        bson_value_t at = number(41);
        Tally before = { .ok = 40, .gone = 1 };
        WatermarkPage *pages[1];
        Watermark watermark;

        watermark_init(&watermark, &at, &before);
        read_all(&watermark, pages, 1);
        watermark_end(&watermark);
        finish(&watermark, pages[0]);
        assert_int_equal(watermark.tally.ok, 41);
        assert_int_equal(watermark.tally.gone, 1);
        watermark_deinit(&watermark);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_page_folds_when_it_and_all_before_it_are_finished),
                cmocka_unit_test(test_the_last_page_folds_once_reading_has_ended),
                cmocka_unit_test(test_reading_that_ends_later_folds_what_is_finished),
                cmocka_unit_test(test_open_pages_are_bounded),
                cmocka_unit_test(test_it_goes_on_from_where_it_stood),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
