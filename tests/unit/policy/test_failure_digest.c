/* Failures are told at once after a quiet time, and then at most once in ten seconds. */

#include "daemon/policy/failure_digest.h"

#include "common/timeutil.h"
#include "tests/unit/unit.h"

#define START (1000 * USEC_PER_SEC)

static void add(FailureDigest *digest, FailureReason reason, int n) {
        while (n-- > 0)
                failure_digest_add(digest, reason);
}

static void test_nothing_is_told_while_nothing_fails(void **state) {
        FailureDigest digest = {};

        assert_int_equal(failure_digest_wait_us(&digest, START), UINT64_MAX);
        failure_digest_reset(&digest, START);
        assert_int_equal(failure_digest_wait_us(&digest, START + 60 * USEC_PER_SEC), UINT64_MAX);
}

static void test_the_first_is_told_at_once(void **state) {
        FailureDigest digest = {};

        add(&digest, REASON_TIMEOUT, 1);
        assert_int_equal(failure_digest_wait_us(&digest, START), 0);
        assert_int_equal(failure_digest_seconds(&digest, START), 0);
}

static void test_what_follows_is_summed_up_by_reason_for_ten_seconds(void **state) {
        FailureDigest digest = {};

        add(&digest, REASON_TIMEOUT, 1);
        failure_digest_reset(&digest, START);
        add(&digest, REASON_TIMEOUT, 300);
        add(&digest, REASON_HTTP_STATUS, 12);

        assert_int_equal(failure_digest_wait_us(&digest, START), 10 * USEC_PER_SEC);
        assert_int_equal(failure_digest_wait_us(&digest, START + 10 * USEC_PER_SEC - 1), 1);
        assert_int_equal(failure_digest_wait_us(&digest, START + 10 * USEC_PER_SEC), 0);
        assert_int_equal(failure_digest_wait_us(&digest, START + 3600 * USEC_PER_SEC), 0);
        assert_int_equal(failure_digest_seconds(&digest, START + 10 * USEC_PER_SEC), 10);

        assert_int_equal(digest.n, 312);
        assert_int_equal(digest.failed[REASON_TIMEOUT], 300);
        assert_int_equal(digest.failed[REASON_HTTP_STATUS], 12);
        assert_int_equal(digest.failed[REASON_DNS], 0);
}

static void test_after_a_quiet_time_the_next_is_the_first_again(void **state) {
        FailureDigest digest = {};

        add(&digest, REASON_TIMEOUT, 1);
        failure_digest_reset(&digest, START);
        add(&digest, REASON_CONNECT, 1);
        assert_int_equal(failure_digest_wait_us(&digest, START + 3600 * USEC_PER_SEC), 0);
        assert_int_equal(failure_digest_seconds(&digest, START + 3600 * USEC_PER_SEC), 0);
}

/* Told as soon as it is due, however much fails: never more than once in ten seconds. */
static void test_an_hour_of_failures_is_360_entries(void **state) {
        FailureDigest digest = {};
        uint64_t told = 0, n = 0;

        for (uint64_t now_us = START; now_us < START + 3600 * USEC_PER_SEC; now_us += USEC_PER_SEC / 10) {
                add(&digest, REASON_HTTP_STATUS, 7);
                if (failure_digest_wait_us(&digest, now_us) > 0)
                        continue;
                told++;
                n += digest.n;
                failure_digest_reset(&digest, now_us);
        }

        assert_int_equal(told, 360);
        assert_int_equal(n + digest.n, 36000 * 7);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_nothing_is_told_while_nothing_fails),
                cmocka_unit_test(test_the_first_is_told_at_once),
                cmocka_unit_test(test_what_follows_is_summed_up_by_reason_for_ten_seconds),
                cmocka_unit_test(test_after_a_quiet_time_the_next_is_the_first_again),
                cmocka_unit_test(test_an_hour_of_failures_is_360_entries),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
