/* Every document that is read gets into the queue, in order, whatever runs out in between. */

#include "daemon/job/feeder.h"

#include <stdio.h>

#include "tests/unit/job/fixture.h"
#include "tests/unit/unit.h"

#define COLLECTION "test.samples"
#define DOCUMENTS 10

typedef struct World World;

/* A feeder over documents with the _ids 0 to 9. */
struct World {
        JobFixture fixture;
        Queue queue;
        Watermark watermark;
        Tally tally;
        Feeder feeder;
        unsigned n_refused;
};

static void on_refused(const StoreFailure *failure, void *userdata) {
        ((World *)userdata)->n_refused++;
}

static void import_documents(Store *store) {
        uint64_t inserted, skipped;

        for (int i = 0; i < DOCUMENTS; i++) {
                bson_t *document = BCON_NEW("_id", BCON_INT32(i));

                assert_int_equal(store_import(store, COLLECTION, &document, 1, &inserted, &skipped, NULL), 0);
                bson_destroy(document);
        }
}

static int setup(void **state) {
        StoreQuery query = {
                .target = { COLLECTION, "response", "reqd", .job_name = "samples", .generation = 1 },
        };
        World *world = calloc(1, sizeof(*world));

        assert_non_null(world);
        job_fixture_init(&world->fixture);
        import_documents(world->fixture.store->memory);
        queue_init(&world->queue, DOCUMENTS);
        watermark_init(&world->watermark, NULL, &world->tally);
        world->feeder = (Feeder) {
                .services = &world->fixture.services,
                .queue = &world->queue,
                .watermark = &world->watermark,
                .tally = &world->tally,
                .refuse = on_refused,
                .userdata = world,
        };
        assert_int_equal(feeder_init(&world->feeder, &query), 0);
        *state = world;
        return 0;
}

static int teardown(void **state) {
        World *world = *state;

        job_fixture_end_workers(&world->fixture);
        feeder_deinit(&world->feeder);
        queue_deinit(&world->queue);
        watermark_deinit(&world->watermark);
        job_fixture_deinit(&world->fixture);
        free(world);
        return 0;
}

static bool is_idle(const void *feeder) {
        return feeder_idle(feeder);
}

static bool may_go_on(const void *feeder) {
        return !event_pending(((const Feeder *)feeder)->again, EV_TIMEOUT, NULL);
}

static void run(World *world) {
        feeder_run(&world->feeder);
        job_fixture_run(&world->fixture, is_idle, &world->feeder);
}

static void assert_all_queued(World *world) {
        Document *document = queue_first(&world->queue);
        bson_iter_t iter;

        assert_int_equal(world->queue.n, DOCUMENTS);
        for (int i = 0; i < DOCUMENTS; i++, document = TAILQ_NEXT(document, entry))
                assert_int_equal(document_key(document, &iter)->value.v_int32, i);
        assert_true(world->feeder.ended);
}

static void test_all_documents_get_into_the_queue(void **state) {
        World *world = *state;

        run(world);
        assert_all_queued(world);
        assert_int_equal(world->n_refused, 0);
}

/* An empty queue means something else while more is on its way. */
static void test_whether_there_is_more_is_known_until_the_end(void **state) {
        World *world = *state;

        assert_true(feeder_has_more(&world->feeder)); /* not asked for yet */
        feeder_run(&world->feeder);
        assert_true(feeder_has_more(&world->feeder)); /* under way */
        job_fixture_run(&world->fixture, is_idle, &world->feeder);
        assert_false(feeder_has_more(&world->feeder)); /* all of it is in the queue */

        world->feeder.ended = false;
        queue_deinit(&world->queue);
        assert_true(feeder_has_more(&world->feeder));
        world->feeder.refused = true;
        assert_false(feeder_has_more(&world->feeder)); /* until somebody resumes the job */
}

/* A page of the watermark more than there may be is refused as memory would be. */
static void test_what_runs_out_in_a_page_loses_none_of_it(void **state) {
        World *world = *state;
        WatermarkPage *pages[WATERMARK_PAGES_MAX];

        feeder_run(&world->feeder);
        for (size_t i = 0; i < WATERMARK_PAGES_MAX; i++) {
                pages[i] = watermark_page(&world->watermark);
                assert_non_null(pages[i]);
                pages[i]->documents = WATERMARK_PAGE_DOCUMENTS;
                pages[i]->open = 1;
        }
        pages[WATERMARK_PAGES_MAX - 1]->documents -= 3; /* room for three documents */

        job_fixture_run(&world->fixture, is_idle, &world->feeder);
        assert_int_equal(world->queue.n, 3);
        assert_false(world->feeder.ended);
        assert_int_equal(world->n_refused, 0); /* it is not the store's fault */

        feeder_run(&world->feeder); /* too early: nothing has changed */
        assert_int_equal(world->queue.n, 3);
        assert_true(feeder_idle(&world->feeder));

        assert_true(watermark_finish(&world->watermark, pages[0], &world->tally));
        job_fixture_run(&world->fixture, may_go_on, &world->feeder);
        feeder_run(&world->feeder);
        assert_all_queued(world);
        assert_int_equal(world->watermark.n_pages, WATERMARK_PAGES_MAX); /* each document is in one of them */
}

static void store_outcomes(World *world, int from, int to) {
        StoreTarget target = { COLLECTION, "response", "reqd", .job_name = "samples", .generation = 1 };

        for (int i = from; i < to; i++) {
                Outcome *outcome = outcome_new();
                StoreResult result;

                outcome->key = (bson_value_t) { .value_type = BSON_TYPE_INT32, .value.v_int32 = i };
                outcome->state = OUTCOME_FAILED;
                outcome->reason = REASON_TIMEOUT;
                assert_int_equal(
                        store_write(world->fixture.store->memory, &target, &outcome, 1, &result, NULL), 0);
                outcome_free(outcome);
        }
}

/* Those have their outcome in the store, and a daemon begins there that reads in steps of four. */
static void go_on_after(World *world, int from, int to) {
        StoreTarget target = { COLLECTION, "response", "reqd", .job_name = "samples", .generation = 1 };
        StoreQuery query = { .target = target, .resume = true };

        store_outcomes(world, from, to);
        feeder_deinit(&world->feeder);
        world->feeder.resumes = true;
        world->queue.capacity = 4;
        assert_int_equal(feeder_init(&world->feeder, &query), 0);
}

static void test_what_was_answered_is_known_before_the_queue_wants_more(void **state) {
        World *world = *state;

        go_on_after(world, 6, DOCUMENTS);
        world->feeder.looks_ahead = true;
        run(world);
        assert_int_equal(world->queue.n, 4);
        assert_false(feeder_knows_answered(&world->feeder));
        feeder_run(&world->feeder);
        queue_deinit(&world->queue); /* it wants more, but not before that is known */
        job_fixture_run(&world->fixture, is_idle, &world->feeder);
        assert_true(feeder_knows_answered(&world->feeder));
        assert_int_equal(feeder_answered(&world->feeder)->failed[REASON_TIMEOUT], 4);
        assert_int_equal(world->queue.n, 0);
        assert_int_equal(tally_documents(&world->tally), 4);

        while (!world->feeder.ended) {
                queue_deinit(&world->queue);
                run(world);
                assert_int_equal(tally_documents(feeder_answered(&world->feeder)), 4);
                assert_int_equal(tally_documents(&world->tally), 4); /* each counts once */
        }
}

static void test_what_came_after_the_search_is_counted_in_the_end(void **state) {
        World *world = *state;

        go_on_after(world, 6, DOCUMENTS);
        world->feeder.looks_ahead = true;
        run(world);
        run(world);
        assert_int_equal(tally_documents(&world->tally), 4);
        store_outcomes(world, 5, 6);
        while (!world->feeder.ended) {
                queue_deinit(&world->queue);
                run(world);
        }
        assert_int_equal(tally_documents(&world->tally), 5);
        assert_int_equal(tally_documents(feeder_answered(&world->feeder)), 5);
}

static void test_a_search_goes_on_where_the_queue_wants_more_meanwhile(void **state) {
        World *world = *state;

        go_on_after(world, 6, DOCUMENTS);
        world->feeder.looks_ahead = true;
        run(world);
        fake_answer(world->fixture.store, FAKE_READ, STORE_E_REFUSED);
        run(world);
        assert_int_equal(world->n_refused, 1);
        queue_deinit(&world->queue);
        fake_answer(world->fixture.store, FAKE_READ, 0);
        feeder_again(&world->feeder);
        run(world);
        assert_int_equal(world->queue.n, 0);
        assert_true(feeder_knows_answered(&world->feeder));
        assert_int_equal(tally_documents(feeder_answered(&world->feeder)), 4);
}

/* What lies before the last row may be this daemon's own; it is counted elsewhere. */
static void test_who_must_know_later_is_told_what_lies_behind_the_last_row(void **state) {
        World *world = *state;

        go_on_after(world, 6, DOCUMENTS);
        go_on_after(world, 1, 2);
        run(world);
        assert_int_equal(world->queue.n, 3);
        assert_int_equal(tally_documents(feeder_answered(&world->feeder)), 1);

        go_on_after(world, 0, 1); /* this daemon's own */
        world->feeder.looks_ahead = true;
        run(world);
        assert_true(feeder_knows_answered(&world->feeder));
        assert_int_equal(tally_documents(feeder_answered(&world->feeder)), 1 + 4);
        assert_int_equal(tally_documents(&world->tally), 1 + 4);
        assert_int_equal(world->queue.n, 3);
}

static void test_a_job_that_is_cancelled_looks_no_further(void **state) {
        World *world = *state;

        go_on_after(world, 6, DOCUMENTS);
        world->feeder.looks_ahead = true;
        run(world);
        feeder_run(&world->feeder);
        world->feeder.ended = true;
        job_fixture_run(&world->fixture, is_idle, &world->feeder);
        assert_int_equal(tally_documents(feeder_answered(&world->feeder)), 0);
        feeder_rest(&world->feeder);
        job_fixture_run(&world->fixture, is_idle, &world->feeder);
        feeder_run(&world->feeder);
        assert_true(feeder_idle(&world->feeder));
}

static void test_who_only_counts_queues_nothing(void **state) {
        World *world = *state;

        world->feeder.counts = true;
        go_on_after(world, 6, DOCUMENTS);
        while (!world->feeder.ended)
                run(world);
        assert_int_equal(world->queue.n, 0);
        assert_int_equal(tally_documents(&world->tally), DOCUMENTS - 6);
}

static void test_a_cancelled_job_takes_nothing_more(void **state) {
        World *world = *state;

        feeder_run(&world->feeder);
        world->feeder.ended = true;
        job_fixture_run(&world->fixture, is_idle, &world->feeder);
        assert_int_equal(world->queue.n, 0);
}

#define IN_WORLD(_test) cmocka_unit_test_setup_teardown(_test, setup, teardown)

int main(void) {
        static const struct CMUnitTest tests[] = {
                IN_WORLD(test_all_documents_get_into_the_queue),
                IN_WORLD(test_whether_there_is_more_is_known_until_the_end),
                IN_WORLD(test_what_runs_out_in_a_page_loses_none_of_it),
                IN_WORLD(test_what_was_answered_is_known_before_the_queue_wants_more),
                IN_WORLD(test_what_came_after_the_search_is_counted_in_the_end),
                IN_WORLD(test_a_search_goes_on_where_the_queue_wants_more_meanwhile),
                IN_WORLD(test_who_must_know_later_is_told_what_lies_behind_the_last_row),
                IN_WORLD(test_a_job_that_is_cancelled_looks_no_further),
                IN_WORLD(test_who_only_counts_queues_nothing),
                IN_WORLD(test_a_cancelled_job_takes_nothing_more),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
