/* How many documents go with one call, and which line of the file each was on. */

#include "ctl/import_batch.h"

#include <string.h>

#include "tests/unit/unit.h"

static void test_lines_stand_one_after_another_with_their_places(void **state) {
        _cleanup_(import_batch_deinit) ImportBatch batch = {};

        assert_int_equal(import_batch_add(&batch, "{}", 2, 1), 0);
        assert_int_equal(import_batch_add(&batch, "{\"a\":1}xxx", 7, 5), 0);
        assert_int_equal(batch.len, 11);
        assert_memory_equal(batch.text, "{}\n{\"a\":1}\n", 11);
        assert_int_equal(batch.n, 2);
        assert_int_equal(batch.places[1], 5);

        import_batch_clear(&batch);
        assert_int_equal(batch.n, 0);
        assert_int_equal(import_batch_add(&batch, "[]", 2, 6), 0);
        assert_memory_equal(batch.text, "[]\n", 3);
        assert_int_equal(batch.places[0], 6);
}

static void test_a_batch_is_full_by_lines(void **state) {
        _cleanup_(import_batch_deinit) ImportBatch batch = {};

        for (size_t i = 0; i < IMPORT_BATCH_LINES; i++) {
                assert_false(import_batch_is_full(&batch, 2));
                assert_int_equal(import_batch_add(&batch, "{}", 2, i + 1), 0);
        }

        assert_true(import_batch_is_full(&batch, 0));
}

static void test_a_batch_is_full_by_bytes_but_takes_one_line_of_any_length(void **state) {
        _cleanup_(import_batch_deinit) ImportBatch batch = {};
        _cleanup_free_ char *line = malloc(3 * IMPORT_BATCH_BYTES);

        memset(line, 'x', 3 * IMPORT_BATCH_BYTES);
        assert_false(import_batch_is_full(&batch, 3 * IMPORT_BATCH_BYTES));
        assert_int_equal(import_batch_add(&batch, line, 3 * IMPORT_BATCH_BYTES, 1), 0);
        assert_true(import_batch_is_full(&batch, 1));

        import_batch_clear(&batch);
        assert_int_equal(import_batch_add(&batch, line, IMPORT_BATCH_BYTES / 2, 1), 0);
        assert_false(import_batch_is_full(&batch, IMPORT_BATCH_BYTES / 2 - 2));
        assert_true(import_batch_is_full(&batch, IMPORT_BATCH_BYTES / 2));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_lines_stand_one_after_another_with_their_places),
                cmocka_unit_test(test_a_batch_is_full_by_lines),
                cmocka_unit_test(test_a_batch_is_full_by_bytes_but_takes_one_line_of_any_length),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
