/* Which requests are the same to a server that heeds the Idempotency-Key. */

#include "daemon/http/idempotency_key.h"

#include <string.h>

#include "tests/unit/unit.h"

static void job_id(const char *hex, bson_oid_t *ret_id) {
        bson_oid_init_from_string(ret_id, hex);
}

static bson_value_t number(int32_t n) {
        return (bson_value_t) { .value_type = BSON_TYPE_INT32, .value.v_int32 = n };
}

static void test_it_is_a_quoted_hash_that_others_can_compute(void **state) {
        char text[IDEMPOTENCY_KEY_SIZE];
        bson_value_t id = number(7);
        bson_oid_t job;

        job_id("0123456789abcdef01234567", &job);
        assert_string_equal(idempotency_key_write(&job, 2, &id, text),
                "\"5efba7f5d972d30d9715f7ad5d53eeba55da712023d8012ed9e301a7b5220f48\"");
}

static void test_each_job_generation_and_document_has_its_own(void **state) {
        char texts[5][IDEMPOTENCY_KEY_SIZE];
        bson_value_t seven = number(7), eight = number(8),
                     other_type = { .value_type = BSON_TYPE_INT64, .value.v_int64 = 7 };
        bson_oid_t job, other_job;

        job_id("0123456789abcdef01234567", &job);
        job_id("0123456789abcdef01234568", &other_job);
        idempotency_key_write(&job, 1, &seven, texts[0]);
        idempotency_key_write(&job, 2, &seven, texts[1]);
        idempotency_key_write(&job, 1, &eight, texts[2]);
        idempotency_key_write(&other_job, 1, &seven, texts[3]);
        idempotency_key_write(&job, 1, &other_type, texts[4]);

        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                for (size_t k = 0; k < i; k++)
                        assert_string_not_equal(texts[i], texts[k]);
}

static void test_a_long_id_makes_no_long_key(void **state) {
        char text[IDEMPOTENCY_KEY_SIZE], name[5000];
        bson_value_t id = { .value_type = BSON_TYPE_UTF8, .value.v_utf8 = { name, sizeof(name) - 1 } };
        bson_oid_t job;

        memset(name, '"', sizeof(name) - 1);
        name[sizeof(name) - 1] = '\0';
        job_id("0123456789abcdef01234567", &job);
        assert_int_equal(strlen(idempotency_key_write(&job, 1, &id, text)), 66);
        assert_int_equal(strspn(text + 1, "0123456789abcdef"), 64);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_it_is_a_quoted_hash_that_others_can_compute),
                cmocka_unit_test(test_each_job_generation_and_document_has_its_own),
                cmocka_unit_test(test_a_long_id_makes_no_long_key),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
