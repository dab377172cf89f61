/* When a job pauses itself for its failures, and what it shows of them. */

#include "daemon/policy/failure_stop.h"

#include "tests/unit/unit.h"

static bson_value_t number(int32_t n) {
        return (bson_value_t) { .value_type = BSON_TYPE_INT32, .value.v_int32 = n };
}

static void add(FailureStop *stop, unsigned ok, unsigned failed) {
        for (unsigned i = 0; i < ok; i++)
                failure_stop_add_ok(stop);
        for (unsigned i = 0; i < failed; i++) {
                bson_value_t id = number((int32_t)i);

                failure_stop_add_failed(stop, &id, REASON_HTTP_STATUS, 404);
        }
}

static void test_a_number_and_a_share_and_none(void **state) {
        static const struct {
                CountOrShare limit;
                unsigned ok, failed;
                bool due;
        } cases[] = {
                { {}, 0, 100000, false },
                { { .count = 10 }, 1000, 9, false },
                { { .count = 10 }, 0, 10, true },
                { { .count = 1 }, 0, 0, false },
                { { .percent = 5 }, 0, FAILURE_STOP_SHARE_OF - 1, false }, /* too few to judge by */
                { { .percent = 5 }, 95, 5, true },
                { { .percent = 5 }, 96, 4, false },
                { { .percent = 5 }, 960, 49, false },
                { { .percent = 5 }, 950, 50, true },
                { { .percent = 100 }, 1, 999, false },
                { { .percent = 100 }, 0, 1000, true },
                { { .percent = 0.1 }, 1000, 1, false },
                { { .percent = 0.1 }, 999, 1, true },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                FailureStop stop = { .settled = true };

                add(&stop, cases[i].ok, cases[i].failed);
                if (failure_stop_due(&stop, &cases[i].limit) != cases[i].due)
                        fail_msg("case %zu", i);
                failure_stop_resume(&stop);
                assert_false(failure_stop_due(&stop, &cases[i].limit));
                failure_stop_reset(&stop);
        }
}

static void test_the_latest_failures_are_the_examples(void **state) {
        FailureStop stop = {};

        add(&stop, 0, 3);
        assert_int_equal(stop.n_examples, 3);
        add(&stop, 0, 12);
        assert_int_equal(stop.n_examples, FAILURE_STOP_EXAMPLES);
        for (size_t i = 0; i < FAILURE_STOP_EXAMPLES; i++)
                assert_in_range(stop.examples[i].id.value.v_int32, 7, 11);
        failure_stop_reset(&stop);
}

static void test_a_very_long_id_is_no_example(void **state) {
        static char text[FAILURE_STOP_ID_BYTES_MAX + 2];
        bson_value_t id = { .value_type = BSON_TYPE_UTF8,
                .value.v_utf8 = { text, FAILURE_STOP_ID_BYTES_MAX + 1 } };
        FailureStop stop = {};

        failure_stop_add_failed(&stop, &id, REASON_TIMEOUT, 0);
        assert_int_equal(stop.failed, 1);
        assert_int_equal(stop.n_examples, 0);
        failure_stop_reset(&stop);
}

static void test_it_is_stored_and_read_again(void **state) {
        bson_t document = BSON_INITIALIZER, nothing = BSON_INITIALIZER;
        FailureStop stop = {}, again = {};

        add(&stop, 90, 7);
        failure_stop_append(&stop, &document);
        failure_stop_read(&again, &document);
        assert_int_equal(again.ended, 97);
        assert_int_equal(again.failed, 7);
        assert_int_equal(again.n_examples, FAILURE_STOP_EXAMPLES);
        assert_int_equal(again.examples[0].status, 404);
        assert_int_equal(again.examples[0].reason, REASON_HTTP_STATUS);
        assert_int_equal(again.examples[0].id.value.v_int32, stop.examples[0].id.value.v_int32);
        failure_stop_reset(&again);
        failure_stop_read(&again, &nothing);
        assert_int_equal(again.ended, 0);

        failure_stop_reset(&stop);
        bson_destroy(&document);
}

/* A daemon goes on with what another one has saved. */
static void restart(FailureStop *stop) {
        bson_t document = BSON_INITIALIZER;
        bool is_new = failure_stop_is_new(stop);

        failure_stop_append(stop, &document);
        failure_stop_reset(stop);
        if (!is_new)
                failure_stop_read(stop, &document);
        failure_stop_begin(stop, true);
        bson_destroy(&document);
}

static void assert_counted(const FailureStop *stop, uint64_t ended, uint64_t failed) {
        assert_int_equal(stop->ended, ended);
        assert_int_equal(stop->failed, failed);
}

/* Nothing is judged before it is known how much the earlier daemon has stored and not saved. */
static void test_what_was_stored_but_not_saved_is_counted(void **state) {
        static const CountOrShare share = { .percent = 10 }, number = { .count = 15 };
        FailureStop stop = {};

        failure_stop_begin(&stop, false);
        add(&stop, 80, 10);
        restart(&stop);
        add(&stop, 15, 5);
        assert_false(failure_stop_due(&stop, &number));
        assert_false(failure_stop_due(&stop, &share));
        failure_stop_settle(&stop, 290, 20); /* 200 more, 10 of which failed */
        assert_counted(&stop, 310, 25);
        assert_true(failure_stop_due(&stop, &number));
        assert_false(failure_stop_due(&stop, &share));
        failure_stop_reset(&stop);
}

static void test_a_daemon_that_saved_nothing_at_all_is_no_exception(void **state) {
        FailureStop stop = {};

        failure_stop_begin(&stop, false);
        restart(&stop);
        failure_stop_settle(&stop, 50, 7);
        assert_counted(&stop, 50, 7);
        failure_stop_reset(&stop);
}

/* Whoever resumes the job has seen the failures before, and begins anew also where not all of them are known yet. */
static void test_what_ended_before_the_job_was_resumed_is_not_counted(void **state) {
        FailureStop stop = {};

        failure_stop_begin(&stop, false);
        add(&stop, 80, 20);
        failure_stop_resume(&stop);
        add(&stop, 5, 1);
        restart(&stop);
        failure_stop_settle(&stop, 110, 23);
        assert_counted(&stop, 10, 3);

        restart(&stop);
        add(&stop, 1, 1);
        failure_stop_resume(&stop); /* nobody knows yet that there are 20 more, and two that came before */
        add(&stop, 3, 2);
        failure_stop_resume(&stop);
        add(&stop, 2, 2);
        failure_stop_settle(&stop, 130, 23);
        assert_counted(&stop, 4, 2);
        restart(&stop);
        failure_stop_settle(&stop, 130 + 2 + 5 + 4, 23 + 1 + 2 + 2);
        assert_counted(&stop, 4, 2);
        failure_stop_reset(&stop);
}

/* Saved in between, it is not known what belongs before; then those count that were known. */
static void test_what_is_not_known_at_the_end_either_stays_uncounted(void **state) {
        FailureStop stop = {};

        failure_stop_begin(&stop, false);
        restart(&stop);
        failure_stop_resume(&stop);
        add(&stop, 3, 1);
        restart(&stop);
        add(&stop, 1, 1);
        failure_stop_settle(&stop, 200, 100);
        assert_counted(&stop, 6, 2);
        restart(&stop);
        failure_stop_settle(&stop, 202 + 5, 101 + 5);
        assert_counted(&stop, 11, 7);

        restart(&stop);
        failure_stop_resume(&stop);
        restart(&stop);
        failure_stop_settle(&stop, 300, 150);
        assert_counted(&stop, 0, 0);
        failure_stop_reset(&stop);
}

static void test_documents_that_somebody_has_deleted_are_no_trouble(void **state) {
        FailureStop stop = {};

        failure_stop_begin(&stop, false);
        add(&stop, 10, 10);
        restart(&stop);
        failure_stop_settle(&stop, 4, 8);
        assert_counted(&stop, 4, 4);
        restart(&stop);
        failure_stop_settle(&stop, 0, 0);
        assert_counted(&stop, 0, 0);
        failure_stop_reset(&stop);
}

static void test_a_job_that_was_resumed_before_it_began_has_nothing_before(void **state) {
        FailureStop stop = {};

        failure_stop_resume(&stop);
        failure_stop_begin(&stop, false);
        add(&stop, 3, 1);
        restart(&stop);
        failure_stop_settle(&stop, 14, 2);
        assert_counted(&stop, 14, 2);
        failure_stop_reset(&stop);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_number_and_a_share_and_none),
                cmocka_unit_test(test_the_latest_failures_are_the_examples),
                cmocka_unit_test(test_a_very_long_id_is_no_example),
                cmocka_unit_test(test_it_is_stored_and_read_again),
                cmocka_unit_test(test_what_was_stored_but_not_saved_is_counted),
                cmocka_unit_test(test_a_daemon_that_saved_nothing_at_all_is_no_exception),
                cmocka_unit_test(test_what_ended_before_the_job_was_resumed_is_not_counted),
                cmocka_unit_test(test_what_is_not_known_at_the_end_either_stays_uncounted),
                cmocka_unit_test(test_documents_that_somebody_has_deleted_are_no_trouble),
                cmocka_unit_test(test_a_job_that_was_resumed_before_it_began_has_nothing_before),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
