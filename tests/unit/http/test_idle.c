/* Which kept connections are shut down: those that spoke, and no other. */

#include "daemon/http/idle.h"

#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/unit.h"

typedef struct Pair Pair;

struct Pair {
        int ours;
        int theirs;
};

static Pair pair_new(void) {
        int fds[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
        return (Pair) { fds[0], fds[1] };
}

static void pair_close(Pair pair) {
        close(pair.ours);
        close(pair.theirs);
}

/* Whether the other side has been told that it is over. */
static bool is_shut(Pair pair) {
        char byte;

        return recv(pair.theirs, &byte, 1, 0) == 0;
}

static void test_one_that_spoke_is_shut(void **state) {
        Pair quiet = pair_new(), spoke = pair_new(), hung_up = pair_new(), busy = pair_new(),
             gone = pair_new();
        Idle idle;

        assert_int_equal(idle_init(&idle), 0);
        idle_add(&idle, quiet.ours);
        idle_add(&idle, spoke.ours);
        idle_add(&idle, hung_up.ours);
        idle_add(&idle, busy.ours);
        idle_remove(&idle, busy.ours); /* in use again: it may speak */
        idle_add(&idle, gone.ours);
        pair_close(gone);

        assert_int_equal(write(spoke.theirs, "x", 1), 1);
        assert_int_equal(write(busy.theirs, "x", 1), 1);
        assert_int_equal(shutdown(hung_up.theirs, SHUT_WR), 0);
        idle_shut_spoken(&idle);

        assert_false(is_shut(quiet));
        assert_true(is_shut(spoke));
        assert_true(is_shut(hung_up));
        assert_false(is_shut(busy));

        pair_close(quiet);
        pair_close(spoke);
        pair_close(hung_up);
        pair_close(busy);
        idle_deinit(&idle);
}

static void test_any_number_of_them(void **state) {
        Pair pairs[50];
        Idle idle;

        assert_int_equal(idle_init(&idle), 0);
        for (size_t i = 0; i < ELEMENTSOF(pairs); i++) {
                pairs[i] = pair_new();
                idle_add(&idle, pairs[i].ours);
                assert_int_equal(write(pairs[i].theirs, "x", 1), 1);
        }

        idle_shut_spoken(&idle);
        for (size_t i = 0; i < ELEMENTSOF(pairs); i++) {
                assert_true(is_shut(pairs[i]));
                pair_close(pairs[i]);
        }
        idle_deinit(&idle);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_one_that_spoke_is_shut),
                cmocka_unit_test(test_any_number_of_them),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
