/* Calls that find the store away are made again until it is back, unless somebody had rather be told. */

#include "daemon/job/store_link.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/job/fixture.h"
#include "tests/unit/unit.h"

#define CALLS_MAX 8

typedef struct Log Log;
typedef struct Item Item;

/* What came of the calls. */
struct Log {
        size_t n_done, n_dropped;
        int results[CALLS_MAX];
        StoreFailure failures[CALLS_MAX];
};

struct Item {
        StoreWork work;
        Log *log;
};

static int run_save(StoreWork *work, Store *store) {
        bson_oid_t id;
        bson_t *record;
        int r;

        bson_oid_init(&id, NULL);
        record = BCON_NEW("_id", BCON_OID(&id), "name", "samples");
        r = store_job_save(store, record, &work->failure);
        bson_destroy(record);
        return r;
}

static int run_short_of_memory(StoreWork *work, Store *store) {
        return -ENOMEM;
}

static int run_count(StoreWork *work, Store *store) {
        StoreQuery query = { .selection = STORE_SELECT_ALL, .target.collection = "test.samples" };
        uint64_t n;

        return store_count(store, &query, &n, &work->failure);
}

static void done(StoreWork *work, int r) {
        Item *item = (Item *)work;
        Log *log = item->log;

        log->results[log->n_done] = r;
        log->failures[log->n_done++] = work->failure;
        free(item);
}

static void drop(StoreWork *work) {
        ((Item *)work)->log->n_dropped++;
        free(work);
}

static void submit(JobFixture *fixture, Log *log, bool once) {
        Item *item = calloc(1, sizeof(*item));

        assert_non_null(item);
        item->work = (StoreWork) { .run = run_save, .done = done, .drop = drop, .once = once };
        item->log = log;
        store_link_submit(&fixture->link, WORK_RECORD, &item->work);
}

static bool one_is_done(const void *log) {
        return ((const Log *)log)->n_done >= 1;
}

static bool three_are_done(const void *log) {
        return ((const Log *)log)->n_done >= 3;
}

static bool is_away(const void *link) {
        return ((const StoreLink *)link)->away;
}

static bool three_wait(const void *link) {
        const StoreWork *item;
        size_t n = 0;

        TAILQ_FOREACH(item, &((const StoreLink *)link)->waiting, entry)
                n++;
        return n == 3;
}

static void test_an_answer_comes_back_on_the_loop(void **state) {
        JobFixture *fixture = *state;
        Log log = {};

        submit(fixture, &log, false);
        assert_int_equal(log.n_done, 0);
        job_fixture_run(fixture, one_is_done, &log);
        assert_int_equal(log.results[0], 0);
        assert_int_equal(fake_records(fixture->store), 1);
        assert_int_equal(fixture->changes, 0);
}

static void test_calls_wait_for_a_store_that_is_away(void **state) {
        JobFixture *fixture = *state;
        Log log = {};

        fake_answer(fixture->store, FAKE_SAVE, STORE_E_AWAY);
        for (int i = 0; i < 3; i++)
                submit(fixture, &log, false);
        job_fixture_run(fixture, three_wait, &fixture->link);
        assert_true(fixture->link.away);
        assert_int_equal(fixture->changes, 1);
        assert_string_equal(fixture->link.failure.message, "gone fishing");
        assert_int_equal(log.n_done, 0);

        fake_answer(fixture->store, FAKE_SAVE, 0);
        job_fixture_run(fixture, three_are_done, &log);
        assert_false(fixture->link.away);
        assert_int_equal(fixture->changes, 2);
        assert_int_equal(fake_records(fixture->store), 3);
        for (int i = 0; i < 3; i++)
                assert_int_equal(log.results[i], 0);
}

static void test_a_read_that_works_does_not_show_the_store_as_back(void **state) {
        JobFixture *fixture = *state;
        Item *item = calloc(1, sizeof(*item));
        Log log = {}, reads = {};

        assert_non_null(item);
        fake_answer(fixture->store, FAKE_SAVE, STORE_E_AWAY);
        submit(fixture, &log, false);
        job_fixture_run(fixture, is_away, &fixture->link);

        item->work = (StoreWork) { .run = run_count, .done = done, .drop = drop };
        item->log = &reads;
        store_link_submit(&fixture->link, WORK_COUNT, &item->work);
        job_fixture_run(fixture, one_is_done, &reads);
        assert_int_equal(reads.results[0], 0);
        assert_true(fixture->link.away);
        assert_int_equal(fixture->changes, 1);

        fake_answer(fixture->store, FAKE_SAVE, 0);
        job_fixture_run(fixture, one_is_done, &log);
        assert_false(fixture->link.away);
        assert_int_equal(fixture->changes, 2);
}

static void test_who_had_rather_be_told_is_told(void **state) {
        JobFixture *fixture = *state;
        Log log = {};

        fake_answer(fixture->store, FAKE_SAVE, STORE_E_AWAY);
        submit(fixture, &log, true);
        job_fixture_run(fixture, one_is_done, &log);
        assert_int_equal(log.results[0], STORE_E_AWAY);
        assert_string_equal(log.failures[0].message, "gone fishing");
        assert_false(fixture->link.away);
}

static void test_a_no_is_an_answer_and_not_asked_for_again(void **state) {
        JobFixture *fixture = *state;
        Log log = {};

        fake_answer(fixture->store, FAKE_SAVE, STORE_E_AWAY);
        submit(fixture, &log, false);
        job_fixture_run(fixture, is_away, &fixture->link);

        fake_answer(fixture->store, FAKE_SAVE, STORE_E_REFUSED);
        job_fixture_run(fixture, one_is_done, &log);
        assert_int_equal(log.results[0], STORE_E_REFUSED);
        assert_string_equal(log.failures[0].message, "not today");
        assert_false(fixture->link.away);
        assert_int_equal(fixture->changes, 2);
}

static void test_what_is_unexpected_has_words_too(void **state) {
        JobFixture *fixture = *state;
        Item *item = calloc(1, sizeof(*item));
        Log log = {};

        assert_non_null(item);
        item->work = (StoreWork) { .run = run_short_of_memory, .done = done, .drop = drop };
        item->log = &log;
        store_link_submit(&fixture->link, WORK_READ, &item->work);
        job_fixture_run(fixture, one_is_done, &log);
        assert_int_equal(log.results[0], -ENOMEM);
        assert_int_equal(log.failures[0].code, ENOMEM);
        assert_string_equal(log.failures[0].message, strerror(ENOMEM));
}

static void test_the_wait_grows_up_to_a_bound(void **state) {
        JobFixture *fixture = *state;
        Log log = {};

        fake_answer(fixture->store, FAKE_SAVE, STORE_E_AWAY);
        submit(fixture, &log, false);
        job_fixture_run(fixture, is_away, &fixture->link);
        for (unsigned n = 2; n < 8; n++) {
                event_active(fixture->link.again, EV_TIMEOUT, 0); /* as if the time had come */
                while (fake_calls(fixture->store, FAKE_SAVE) < n ||
                        !event_pending(fixture->link.again, EV_TIMEOUT, NULL))
                        event_base_loop(fixture->base, EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY);
                assert_in_range(fixture->link.backoff_us, 200000, 2000000);
        }
        assert_int_equal(fixture->link.backoff_us, 2000000);
}

static void test_calls_that_wait_are_dropped_at_the_end(void **state) {
        JobFixture fixture;
        Log log = {};

        job_fixture_init(&fixture);
        fake_answer(fixture.store, FAKE_SAVE, STORE_E_AWAY);
        submit(&fixture, &log, false);
        job_fixture_run(&fixture, is_away, &fixture.link);
        job_fixture_deinit(&fixture);
        assert_int_equal(log.n_done, 0);
        assert_int_equal(log.n_dropped, 1);
}

#define IN_FIXTURE(_test) cmocka_unit_test_setup_teardown(_test, job_fixture_setup, job_fixture_teardown)

int main(void) {
        static const struct CMUnitTest tests[] = {
                IN_FIXTURE(test_an_answer_comes_back_on_the_loop),
                IN_FIXTURE(test_calls_wait_for_a_store_that_is_away),
                IN_FIXTURE(test_a_read_that_works_does_not_show_the_store_as_back),
                IN_FIXTURE(test_who_had_rather_be_told_is_told),
                IN_FIXTURE(test_a_no_is_an_answer_and_not_asked_for_again),
                IN_FIXTURE(test_what_is_unexpected_has_words_too),
                IN_FIXTURE(test_the_wait_grows_up_to_a_bound),
                cmocka_unit_test(test_calls_that_wait_are_dropped_at_the_end),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
