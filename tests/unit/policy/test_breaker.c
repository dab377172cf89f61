/* When an origin is left alone, and how it comes back: by hand and by simulation. */

#include "daemon/policy/breaker.h"

#include "common/timeutil.h"
#include "tests/unit/unit.h"

#define START (1000 * USEC_PER_SEC)

/* One request, begun and ended at the same time. */
static BreakerTurn ask(Breaker *breaker, BreakerAnswer answer, uint64_t now_us) {
        return breaker_end(breaker, breaker_begin(breaker), answer, now_us, 0);
}

static bool may_start(const Breaker *breaker, uint64_t now_us) {
        uint64_t wait_us;

        return breaker_may_start(breaker, now_us, &wait_us);
}

static Breaker open_one(void) {
        Breaker breaker = {};

        for (unsigned i = 0; breaker.state == BREAKER_CLOSED; i++) {
                assert_true(i < BREAKER_ANSWERS_MIN);
                ask(&breaker, BREAKER_ANSWER_FAILED, START);
        }

        return breaker;
}

static void test_a_few_failures_open_nothing(void **state) {
        Breaker breaker = {};

        for (unsigned i = 0; i < BREAKER_ANSWERS_MIN - 1; i++)
                assert_int_equal(ask(&breaker, BREAKER_ANSWER_FAILED, START), BREAKER_STAYS);
        assert_true(may_start(&breaker, START));
        assert_int_equal(ask(&breaker, BREAKER_ANSWER_FAILED, START), BREAKER_OPENS);
        assert_false(may_start(&breaker, START));
}

static void test_half_of_the_answers_open_nothing_and_one_more_does(void **state) {
        Breaker breaker = {};

        for (unsigned i = 0; i < 500; i++)
                assert_int_equal(ask(&breaker, i % 2 ? BREAKER_ANSWER_FAILED : BREAKER_ANSWER_GOOD, START),
                        BREAKER_STAYS);
        ask(&breaker, BREAKER_ANSWER_FAILED, START);
        assert_int_equal(breaker.state, BREAKER_OPEN);
}

static void test_what_was_never_asked_says_nothing(void **state) {
        Breaker breaker = {};

        for (unsigned i = 0; i < 500; i++)
                ask(&breaker, BREAKER_ANSWER_NONE, START);
        assert_int_equal(breaker.answers.n, 0);

        breaker = open_one();
        assert_int_equal(ask(&breaker, BREAKER_ANSWER_NONE, START + 2 * USEC_PER_SEC), BREAKER_STAYS);
        assert_true(may_start(&breaker, START + 2 * USEC_PER_SEC));
        assert_true(breaker_begin(&breaker).probe);
}

static void test_one_probe_at_a_time(void **state) {
        Breaker breaker = open_one();
        uint64_t now_us = START + 2 * USEC_PER_SEC, wait_us = 1;
        BreakerTicket probe;

        assert_true(may_start(&breaker, now_us));
        probe = breaker_begin(&breaker);
        assert_true(probe.probe);
        assert_false(breaker_may_start(&breaker, now_us + 3600 * USEC_PER_SEC, &wait_us));
        assert_int_equal(wait_us, 0);

        assert_int_equal(breaker_end(&breaker, probe, BREAKER_ANSWER_FAILED, now_us, 0), BREAKER_STAYS);
        assert_false(may_start(&breaker, now_us));
        assert_true(may_start(&breaker, now_us + 2 * USEC_PER_SEC));
}

static void test_the_wait_doubles_and_a_good_probe_closes(void **state) {
        static const uint64_t least_s[] = { 1, 2, 4, 8, 16, 20, 20, 20 };
        Breaker breaker = open_one();
        uint64_t now_us = START;

        for (size_t i = 0; i < ELEMENTSOF(least_s); i++) {
                assert_int_equal(breaker.probe_at_us - now_us, least_s[i] * USEC_PER_SEC);
                now_us = breaker.probe_at_us;
                ask(&breaker, BREAKER_ANSWER_FAILED, now_us);
        }

        now_us = breaker.probe_at_us;
        assert_int_equal(ask(&breaker, BREAKER_ANSWER_GOOD, now_us), BREAKER_CLOSES);
        assert_true(may_start(&breaker, now_us));
        assert_int_equal(breaker.answers.n, 0);
        for (unsigned i = 0; i < BREAKER_ANSWERS_MIN - 1; i++)
                assert_int_equal(ask(&breaker, BREAKER_ANSWER_FAILED, now_us), BREAKER_STAYS);
        assert_int_equal(ask(&breaker, BREAKER_ANSWER_FAILED, now_us), BREAKER_OPENS);
        assert_int_equal(breaker.probe_at_us - now_us, BREAKER_WAIT_MIN_US);
}

static void test_old_answers_say_nothing_about_now(void **state) {
        BreakerTicket old[1000];
        Breaker breaker = {};

        for (size_t i = 0; i < ELEMENTSOF(old); i++)
                old[i] = breaker_begin(&breaker);
        for (size_t i = 0; i < BREAKER_ANSWERS_MIN; i++)
                breaker_end(&breaker, old[i], BREAKER_ANSWER_FAILED, START, 0);
        assert_int_equal(breaker.state, BREAKER_OPEN);
        assert_int_equal(breaker_end(&breaker, old[50], BREAKER_ANSWER_GOOD, START, 0), BREAKER_STAYS);

        ask(&breaker, BREAKER_ANSWER_GOOD, START + 2 * USEC_PER_SEC);
        for (size_t i = 51; i < ELEMENTSOF(old); i++)
                breaker_end(&breaker, old[i], BREAKER_ANSWER_FAILED, START + 2 * USEC_PER_SEC, 0);
        assert_int_equal(breaker.state, BREAKER_CLOSED);
}

static uint64_t next_random(uint64_t *seed) {
        *seed ^= *seed >> 12;
        *seed ^= *seed << 25;
        *seed ^= *seed >> 27;
        return *seed * UINT64_C(2685821657736338717);
}

/*
 * An origin that fails wholly from the tenth to the @back_s second, and a client that would send a request each
 * 10 ms, answered after 5. Returns the second in which the breaker closed again.
 */
static double simulate(uint64_t seed, uint64_t back_s, unsigned *ret_sent_while_down) {
        uint64_t end_us = (back_s + 120) * USEC_PER_SEC, down_us = 10 * USEC_PER_SEC,
                 up_us = back_s * USEC_PER_SEC;
        Breaker breaker = {};
        double closed_s = 0;

        *ret_sent_while_down = 0;
        for (uint64_t now_us = 0; now_us < end_us; now_us += 10000) {
                bool down = now_us >= down_us && now_us < up_us;
                BreakerTurn turn;

                if (!may_start(&breaker, now_us))
                        continue;
                *ret_sent_while_down += down;
                turn = breaker_end(&breaker, breaker_begin(&breaker),
                        down ? BREAKER_ANSWER_FAILED : BREAKER_ANSWER_GOOD, now_us + 5000,
                        next_random(&seed));
                if (turn == BREAKER_OPENS)
                        assert_true(down);
                if (turn == BREAKER_CLOSES)
                        closed_s = (double)now_us / 1e6;
        }

        assert_int_equal(breaker.state, BREAKER_CLOSED);
        return closed_s;
}

static void test_whenever_an_origin_comes_back_it_is_noticed_and_it_is_spared_until_then(void **state) {
        double earliest_s = 1000, latest_s = 0;

        for (uint64_t seed = 1; seed <= 500; seed++) {
                uint64_t back_s = 30 + seed % 300;
                unsigned sent;
                double after_s = simulate(seed * 7919, back_s, &sent) - (double)back_s;

                /* Some 26 failures outweigh what was good before; then 1, 2, 4, 8, 16 and at least 20 s. */
                assert_in_range(sent, 26, 26 + 5 + (back_s - 10) / 20 + 1);
                assert_true(after_s >= 0 && after_s <= 30.1);
                earliest_s = after_s < earliest_s ? after_s : earliest_s;
                latest_s = after_s > latest_s ? after_s : latest_s;
        }

        assert_true(latest_s - earliest_s > 10); /* jitter spreads them */
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_few_failures_open_nothing),
                cmocka_unit_test(test_half_of_the_answers_open_nothing_and_one_more_does),
                cmocka_unit_test(test_what_was_never_asked_says_nothing),
                cmocka_unit_test(test_one_probe_at_a_time),
                cmocka_unit_test(test_the_wait_doubles_and_a_good_probe_closes),
                cmocka_unit_test(test_old_answers_say_nothing_about_now),
                cmocka_unit_test(
                        test_whenever_an_origin_comes_back_it_is_noticed_and_it_is_spared_until_then),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
