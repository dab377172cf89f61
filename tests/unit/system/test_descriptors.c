/* Requests fit the file descriptors, whatever there is of them. */

#include "daemon/system/descriptors.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "tests/unit/unit.h"

#define CLIENTS 64u

/* What can be open at once: see the source for the reasons. */
static uint64_t worst(const DescriptorBudget *budget) {
        return 2u * budget->max_in_flight + budget->max_in_flight / 16u + budget->max_idle + CLIENTS;
}

static void test_enough_gives_what_is_wanted(void **state) {
        DescriptorBudget budget;

        assert_int_equal(descriptors_divide(524288, 10000, CLIENTS, &budget, NULL), 0);
        assert_int_equal(budget.max_in_flight, 10000);
        assert_int_equal(budget.max_idle, 1024);
        assert_int_equal(descriptors_divide(budget.wanted, 10000, CLIENTS, &budget, NULL), 0);
        assert_int_equal(budget.max_in_flight, 10000);
        assert_int_equal(descriptors_divide(RLIM_INFINITY, 1000000, CLIENTS, &budget, NULL), 0);
        assert_int_equal(budget.max_in_flight, 1000000);
}

static void test_one_less_than_enough_gives_less(void **state) {
        DescriptorBudget budget;
        uint64_t wanted;

        assert_int_equal(descriptors_divide(524288, 10000, CLIENTS, &budget, NULL), 0);
        wanted = budget.wanted;
        assert_int_equal(descriptors_divide(wanted - 3, 10000, CLIENTS, &budget, NULL), 0);
        assert_in_range(budget.max_in_flight, 9990, 9999);
        assert_int_equal(budget.wanted, wanted);
}

static void test_what_fits_always_fits(void **state) {
        for (uint64_t limit = 512; limit < 100000; limit += 97) {
                DescriptorBudget budget;

                assert_int_equal(descriptors_divide(limit, 50000, CLIENTS, &budget, NULL), 0);
                assert_true(budget.max_in_flight > 0);
                assert_true(worst(&budget) + 256 <= limit);
        }
}

static void test_too_few_for_anything_say_both_numbers(void **state) {
        _cleanup_(user_error_deinit) UserError error = {};
        DescriptorBudget budget;

        assert_int_equal(descriptors_divide(256, 10000, CLIENTS, &budget, &error), -EINVAL);
        assert_non_null(strstr(error.message, "256 "));
        assert_non_null(strstr(error.message, "22033"));
        assert_non_null(strstr(error.hint, "LimitNOFILE="));
}

static void test_the_soft_limit_becomes_the_hard_one(void **state) {
        struct rlimit limit;

        assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
        limit.rlim_cur = 100;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
        assert_int_equal(descriptors_raise(), limit.rlim_max);
        assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
        assert_int_equal(limit.rlim_cur, limit.rlim_max);
}

static void test_the_last_descriptor_is_noticed(void **state) {
        struct rlimit before, none;

        assert_true(descriptors_left());
        assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
        none = (struct rlimit) { .rlim_cur = 0, .rlim_max = before.rlim_max };
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
        assert_false(descriptors_left());
        assert_int_equal(socket(AF_UNIX, SOCK_STREAM, 0), -1);
        assert_true(descriptors_short(errno));
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
        assert_true(descriptors_left());
        assert_false(descriptors_short(ECONNREFUSED));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_enough_gives_what_is_wanted),
                cmocka_unit_test(test_one_less_than_enough_gives_less),
                cmocka_unit_test(test_what_fits_always_fits),
                cmocka_unit_test(test_too_few_for_anything_say_both_numbers),
                cmocka_unit_test(test_the_last_descriptor_is_noticed),
                cmocka_unit_test(test_the_soft_limit_becomes_the_hard_one),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
