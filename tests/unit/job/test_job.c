/* What a job that was begun by an earlier daemon counts, whenever it is cancelled. */

#include "daemon/job/job.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/job/registry.h"
#include "tests/unit/job/fixture.h"
#include "tests/unit/unit.h"

#define COLLECTION "test.samples"
#define SPEC "{\"name\": \"samples\", \"collection\": \"" COLLECTION "\", \"pace\": {\"concurrency\": 1}}"
#define PENDING 40  /* documents that have no outcome; more than the queue holds */
#define ANSWERED 90 /* those behind them that an earlier daemon has stored the outcome of */
#define FAILED (ANSWERED / 3)
#define ATTEMPTS (ANSWERED - FAILED + 3 * FAILED)

typedef struct World World;
typedef struct Told Told;

/* A daemon on a store that an earlier one has left: the job's record, without a watermark, and outcomes. */
struct World {
        JobFixture fixture;
        char folder[32]; /* of the SQLite file; "": memory */
        RegistryListener listener;
        Job *job;
};

struct Told {
        bool is;
        int r;
};

static void on_changed(Job *job, void *userdata) {
        World *world = userdata;

        world->job = job;
}

static void on_ready(void *userdata) {
}

/* The daemon begins; @ready is called once its jobs are there, and nothing of them is begun. */
static void start(World *world, void (*ready)(void *userdata)) {
        RegistryOptions options = { .max_jobs = 2 };

        job_fixture_begin_registry(&world->fixture, &options);

        world->job = NULL;
        world->listener = (RegistryListener) { .changed = on_changed, .ready = ready, .userdata = world };
        registry_listen(world->fixture.registry, &world->listener);
        assert_int_equal(registry_start(world->fixture.registry), 0);
        while (!world->job)
                event_base_loop(world->fixture.base, EVLOOP_ONCE);
}

static void given_documents(Store *store) {
        uint64_t inserted, skipped;

        for (int i = 0; i < PENDING + ANSWERED; i++) {
                bson_t *document = BCON_NEW("_id", BCON_INT32(i), "url", "http://192.0.2.1/");

                assert_int_equal(store_import(store, COLLECTION, &document, 1, &inserted, &skipped, NULL), 0);
                bson_destroy(document);
        }
}

static void given_outcomes(Store *store, const bson_oid_t *job) {
        StoreTarget target = { COLLECTION, "response", "reqd", *job, "samples", 1 };

        for (int i = 0; i < ANSWERED; i++) {
                Outcome *outcome = outcome_new();
                StoreResult result;

                assert_non_null(outcome);
                outcome->key = (bson_value_t) { .value_type = BSON_TYPE_INT32, .value.v_int32 = PENDING + i };
                outcome->state = i % 3 ? OUTCOME_OK : OUTCOME_FAILED;
                outcome->reason = i % 3 ? REASON_NONE : REASON_TIMEOUT;
                outcome->attempts = i % 3 ? 1 : 3;
                outcome->value_form = i % 3 ? OUTCOME_VALUE_NULL : OUTCOME_VALUE_NONE;
                assert_int_equal(store_write(store, &target, &outcome, 1, &result, NULL), 0);
                assert_int_equal(result, STORE_RESULT_STORED);
                outcome_free(outcome);
        }
}

static void given_a_job(World *world, JobState state) {
        Store *store = world->fixture.store->memory;
        JobRecord record = {
                .name = strdup("samples"), .spec = strdup(SPEC), .state = state, .generation = 1
        };
        bson_t *bson;

        bson_oid_init(&record.id, NULL);
        bson = job_record_to_bson(&record, COLLECTION);
        given_documents(store);
        given_outcomes(store, &record.id);
        assert_int_equal(store_job_save(store, bson, NULL), 0);
        bson_destroy(bson);
        job_record_deinit(&record);
}

static int setup_memory(void **state) {
        World *world = calloc(1, sizeof(*world));

        assert_non_null(world);
        job_fixture_init(&world->fixture);
        *state = world;
        return 0;
}

static int setup_sqlite(void **state) {
        char uri[64];
        World *world;

        setup_memory(state);
        world = *state;
        strcpy(world->folder, "/tmp/reqd-test-job-XXXXXX");
        assert_non_null(mkdtemp(world->folder));
        snprintf(uri, sizeof(uri), "sqlite:%s/reqd.db", world->folder);
        fake_store_in(world->fixture.store, uri);
        return 0;
}

static int teardown(void **state) {
        static const char *const files[] = { "reqd.db", "reqd.db-wal", "reqd.db-shm", "reqd.db.lock" };
        World *world = *state;

        job_fixture_end_registry(&world->fixture);
        job_fixture_deinit(&world->fixture);
        for (size_t i = 0; *world->folder && i < ELEMENTSOF(files); i++) {
                char path[64];

                snprintf(path, sizeof(path), "%s/%s", world->folder, files[i]);
                unlink(path);
        }
        if (*world->folder)
                assert_int_equal(rmdir(world->folder), 0);
        free(world);
        return 0;
}

static bool has_looked_ahead(const void *job) {
        const Flow *flow = ((const Job *)job)->flow;

        return flow && flow->feeder.looked_ahead;
}

static bool is_at_rest(const void *job) {
        return job_at_rest(job);
}

static bool is_quiet(const void *job) {
        return job_quiet(job);
}

static bool counts(const void *job) {
        const Flow *flow = ((const Job *)job)->flow;

        return flow && flow->feeder.counts && flow->feeder.read;
}

static bool has_counted(const void *job) {
        const Flow *flow = ((const Job *)job)->flow;

        return !flow || flow->feeder.ended;
}

static bool is_told(const void *told) {
        return ((const Told *)told)->is;
}

static void run(World *world, bool (*until)(const void *job)) {
        job_fixture_run(&world->fixture, until, world->job);
}

/* What status shows. */
static const Tally *tally_of(const Job *job) {
        return job->flow ? &job->flow->tally : &job->record.tally;
}

static void assert_exact(World *world) {
        const Tally *tally = tally_of(world->job);

        assert_int_equal(tally->ok, ANSWERED - FAILED);
        assert_int_equal(tally->failed[REASON_TIMEOUT], FAILED);
        assert_int_equal(tally_documents(tally), ANSWERED);
        assert_int_equal(tally->attempts, ATTEMPTS);
}

/* Whoever waits for the job finds the totals whole, the record says so, and nothing was sent. */
static void assert_counted(World *world) {
        run(world, is_at_rest);
        assert_exact(world);
        run(world, is_quiet);
        assert_exact(world);
        assert_int_equal(world->job->attempts, ATTEMPTS);
        assert_false(world->job->record.unsettled);
        assert_true(fake_record_says(world->fixture.store, "state", "cancelled"));
        assert_int_equal(fake_calls(world->fixture.store, FAKE_WRITE), 0);

        job_fixture_end_registry(&world->fixture);
        job_fixture_begin_workers(&world->fixture);
        start(world, on_ready);
        assert_true(job_quiet(world->job));
        assert_exact(world);
}

static void cancel(void *userdata) {
        World *world = userdata;

        assert_null(world->job->flow);
        assert_int_equal(job_cancel(world->job, NULL, NULL), 0);
}

static void test_cancelled_before_anything_is_read(void **state) {
        World *world = *state;

        given_a_job(world, JOB_RUNNING);
        start(world, cancel);
        assert_counted(world);
}

static void test_cancelled_while_the_first_documents_are_read(void **state) {
        World *world = *state;

        given_a_job(world, JOB_RUNNING);
        fake_hold(world->fixture.store, FAKE_READ, true);
        start(world, on_ready);
        fake_await(world->fixture.store, FAKE_READ, 1);
        assert_int_equal(job_cancel(world->job, NULL, NULL), 0);
        assert_true(job_uncounted(world->job));
        fake_hold(world->fixture.store, FAKE_READ, false);
        assert_counted(world);
}

/* Paused, it reads no further than its queue is long. */
static void given_a_job_that_does_not_read_on(World *world) {
        given_a_job(world, JOB_PAUSED);
        start(world, on_ready);
        run(world, has_looked_ahead);
        assert_int_equal(tally_documents(&world->job->flow->feeder.answered), 0);
        assert_false(world->job->flow->feeder.ended);
}

static void expect_no_rest(void *userdata) {
        World *world = userdata;

        assert_null(world->job->flow);
        assert_false(job_at_rest(world->job));
}

static void test_whoever_waits_for_a_paused_job_gets_whole_totals(void **state) {
        World *world = *state;

        given_a_job(world, JOB_PAUSED);
        fake_hold(world->fixture.store, FAKE_READ, true);
        start(world, expect_no_rest);
        assert_true(job_settled(world->job) && saver_clean(&world->job->saver));
        assert_false(job_at_rest(world->job));
        fake_await(world->fixture.store, FAKE_READ, 1);
        assert_false(job_at_rest(world->job));

        fake_hold(world->fixture.store, FAKE_READ, false);
        run(world, is_at_rest);
        assert_exact(world);
        assert_false(world->job->flow->feeder.ended);
}

static void test_cancelled_while_reading_waits_for_room(void **state) {
        World *world = *state;

        given_a_job_that_does_not_read_on(world);
        assert_int_equal(job_cancel(world->job, NULL, NULL), 0);
        assert_counted(world);
}

/* The job is cancelled, and the count of what it has stored does not come to its end. */
static void given_a_job_that_counts(World *world) {
        given_a_job_that_does_not_read_on(world);
        fake_hold(world->fixture.store, FAKE_READ, true);
        assert_int_equal(job_cancel(world->job, NULL, NULL), 0);
        run(world, counts);
        assert_true(job_settled(world->job));
        assert_true(saver_clean(&world->job->saver));
}

static void test_the_count_is_begun_again_after_another_restart(void **state) {
        World *world = *state;

        given_a_job_that_counts(world);
        job_fixture_end_registry(&world->fixture);
        job_fixture_begin_workers(&world->fixture);
        start(world, on_ready);
        assert_counted(world);
}

static void test_who_waits_for_the_job_or_retries_it_gets_whole_totals(void **state) {
        _cleanup_(user_error_deinit) UserError error = {};
        World *world = *state;

        given_a_job_that_counts(world);
        assert_true(job_uncounted(world->job));
        assert_false(job_at_rest(world->job));
        assert_int_equal(registry_retry(world->fixture.registry, world->job, NULL, 0, NULL, &error),
                REGISTRY_E_CONFLICT);
        assert_non_null(strstr(error.message, "still counting"));

        fake_hold(world->fixture.store, FAKE_READ, false);
        run(world, is_quiet);
        world->job->unanswered = 5; /* as if so many requests had been for nothing */
        assert_int_equal(registry_retry(world->fixture.registry, world->job, NULL, 0, NULL, NULL), 0);
        assert_int_equal(world->job->record.started_before, ANSWERED);
        assert_int_equal(world->job->unanswered, 0);
}

static void on_deleted(void *userdata, int r, const UserError *error) {
        Told *told = userdata;

        told->is = true;
        told->r = r;
}

static void delete_job(World *world, Told *told) {
        static const Actor somebody = { .uid = 1000, .pid = 4711 };

        *told = (Told) {};
        registry_delete(world->fixture.registry, world->job, &somebody, on_deleted, told);
}

static bool has_left(const void *registry) {
        return TAILQ_EMPTY(&((const Registry *)registry)->leaving);
}

static void test_a_job_can_be_deleted_while_it_counts(void **state) {
        World *world = *state;
        Told told;

        given_a_job_that_counts(world);
        delete_job(world, &told);
        job_fixture_run(&world->fixture, is_told, &told);
        assert_int_equal(told.r, 0);
        assert_true(TAILQ_EMPTY(&world->fixture.registry->jobs));
        assert_false(TAILQ_EMPTY(&world->fixture.registry->leaving));

        fake_hold(world->fixture.store, FAKE_READ, false);
        job_fixture_run(&world->fixture, has_left, world->fixture.registry);
        assert_int_equal(fake_records(world->fixture.store), 0);
}

static void test_a_count_that_ends_during_the_deletion_saves_nothing(void **state) {
        World *world = *state;
        unsigned saves;
        Told told;

        given_a_job_that_counts(world);
        saves = fake_calls(world->fixture.store, FAKE_SAVE);
        fake_hold(world->fixture.store, FAKE_DELETE, true);
        delete_job(world, &told);
        fake_await(world->fixture.store, FAKE_DELETE, 1);
        fake_hold(world->fixture.store, FAKE_READ, false);
        run(world, has_counted);

        fake_hold(world->fixture.store, FAKE_DELETE, false);
        job_fixture_run(&world->fixture, is_told, &told);
        job_fixture_run(&world->fixture, has_left, world->fixture.registry);
        job_fixture_end_workers(&world->fixture);
        assert_int_equal(fake_calls(world->fixture.store, FAKE_SAVE), saves);
        assert_int_equal(fake_records(world->fixture.store), 0);
        job_fixture_begin_workers(&world->fixture);
}

static void test_a_job_whose_deletion_failed_is_counted_all_the_same(void **state) {
        World *world = *state;
        Told told;

        given_a_job_that_counts(world);
        fake_answer(world->fixture.store, FAKE_DELETE, STORE_E_REFUSED);
        delete_job(world, &told);
        job_fixture_run(&world->fixture, is_told, &told);
        assert_int_equal(told.r, REGISTRY_E_REFUSED);
        fake_hold(world->fixture.store, FAKE_READ, false);
        assert_counted(world);
}

#define IN_BOTH_STORES(_test)                                                                                \
        cmocka_unit_test_setup_teardown(_test, setup_memory, teardown),                                      \
                cmocka_unit_test_setup_teardown(_test, setup_sqlite, teardown)

int main(void) {
        static const struct CMUnitTest tests[] = {
                IN_BOTH_STORES(test_cancelled_before_anything_is_read),
                IN_BOTH_STORES(test_cancelled_while_the_first_documents_are_read),
                IN_BOTH_STORES(test_cancelled_while_reading_waits_for_room),
                IN_BOTH_STORES(test_whoever_waits_for_a_paused_job_gets_whole_totals),
                IN_BOTH_STORES(test_the_count_is_begun_again_after_another_restart),
                IN_BOTH_STORES(test_who_waits_for_the_job_or_retries_it_gets_whole_totals),
                IN_BOTH_STORES(test_a_job_can_be_deleted_while_it_counts),
                IN_BOTH_STORES(test_a_count_that_ends_during_the_deletion_saves_nothing),
                IN_BOTH_STORES(test_a_job_whose_deletion_failed_is_counted_all_the_same),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
