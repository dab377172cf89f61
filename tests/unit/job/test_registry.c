/* Jobs come and go, whatever the store says at that moment and whoever asks at the same time. */

#include "daemon/job/registry.h"

#include <string.h>

#include "tests/unit/job/fixture.h"
#include "tests/unit/unit.h"

typedef struct World World;
typedef struct Told Told;

static const Actor somebody = { .uid = 1000, .pid = 4711 };

struct World {
        JobFixture fixture;
        bool lost; /* the lease */
};

/* What somebody who submits or deletes was told. */
struct Told {
        bool is;
        int r;
        Job *job;
        bool created;
        char message[300];
};

static void on_lost(UserError *why, void *userdata) {
        ((World *)userdata)->lost = true;
        user_error_deinit(why);
}

static void build(World *world, bool leases, int load_answer, uint32_t max_jobs) {
        RegistryOptions options = { .max_jobs = max_jobs };

        *world = (World) {};
        job_fixture_init(&world->fixture);
        if (leases)
                fake_lease_out(world->fixture.store);
        fake_answer(world->fixture.store, FAKE_LOAD, load_answer);
        options.lost = on_lost;
        options.userdata = world;
        job_fixture_begin_registry(&world->fixture, &options);
}

static void init(World *world, int load_answer, uint32_t max_jobs) {
        build(world, false, load_answer, max_jobs);
        assert_int_equal(registry_start(world->fixture.registry), 0);
}

static void deinit(World *world) {
        job_fixture_end_registry(&world->fixture);
        job_fixture_deinit(&world->fixture);
}

static bool is_ready(const void *registry) {
        return registry_ready(registry);
}

static bool is_loaded(const void *registry) {
        return ((const Registry *)registry)->loaded;
}

static bool is_told(const void *told) {
        return ((const Told *)told)->is;
}

static bool is_quiet(const void *job) {
        return job_quiet(job);
}

static bool is_counting(const void *job) {
        return ((const Job *)job)->count;
}

static int setup(void **state) {
        World *world = calloc(1, sizeof(*world));

        assert_non_null(world);
        init(world, 0, 2);
        job_fixture_run(&world->fixture, is_loaded, world->fixture.registry);
        *state = world;
        return 0;
}

static int teardown(void **state) {
        deinit(*state);
        free(*state);
        return 0;
}

static void on_deleted(void *userdata, int r, const UserError *error) {
        Told *told = userdata;

        assert_false(told->is);
        told->is = true;
        told->r = r;
        if (error->message)
                strncpy(told->message, error->message, sizeof(told->message) - 1);
}

static void on_submitted(void *userdata, int r, Job *job, bool created, const UserError *error) {
        Told *told = userdata;

        on_deleted(told, r, error);
        told->job = job;
        told->created = created;
}

static void submit(World *world, const char *text, Told *told) {
        _cleanup_(json_freep) JsonValue *spec = NULL;

        assert_int_equal(json_parse(text, strlen(text), &spec, NULL), 0);
        *told = (Told) {};
        registry_submit(world->fixture.registry, spec, true, on_submitted, told);
}

static Job *submitted(World *world, const char *text) {
        Told told;

        submit(world, text, &told);
        job_fixture_run(&world->fixture, is_told, &told);
        assert_int_equal(told.r, 0);
        return told.job;
}

static Job *cancelled(World *world, const char *text) {
        Job *job = submitted(world, text);

        assert_int_equal(job_cancel(job, NULL, NULL), 0);
        job_fixture_run(&world->fixture, is_quiet, job);
        return job;
}

static void test_jobs_that_the_store_does_not_give_are_asked_for_again(void **state) {
        _cleanup_(user_error_deinit) UserError error = {};
        World world;
        Job *job;

        init(&world, STORE_E_REFUSED, 2);
        job_fixture_run(&world.fixture, is_ready, world.fixture.registry);
        assert_int_equal(registry_find(world.fixture.registry, "a", &job, &error), REGISTRY_E_REFUSED);
        assert_non_null(strstr(error.message, "not today"));

        fake_answer(world.fixture.store, FAKE_LOAD, 0);
        event_active(world.fixture.registry->reload, EV_TIMEOUT, 0); /* as if the time had come */
        job_fixture_run(&world.fixture, is_loaded, world.fixture.registry);
        user_error_deinit(&error);
        assert_int_equal(registry_find(world.fixture.registry, "a", &job, &error), REGISTRY_E_NO_SUCH_JOB);
        deinit(&world);
}

static bool holds_lease(const void *registry) {
        return ((const Registry *)registry)->lease.held;
}

/* Or what the store says to that would not be told. */
static void test_whose_lease_it_waited_for_is_forgotten_with_the_lease(void **state) {
        World world;

        build(&world, true, 0, 2);
        fake_answer(world.fixture.store, FAKE_TAKE, STORE_E_HELD);
        assert_int_equal(registry_start(world.fixture.registry), 0);
        job_fixture_run(&world.fixture, is_ready, world.fixture.registry);

        fake_hold(world.fixture.store, FAKE_LOAD, true);
        fake_answer(world.fixture.store, FAKE_TAKE, 0);
        event_active(world.fixture.registry->lease.timer, EV_TIMEOUT, 0); /* as if the time had come */
        job_fixture_run(&world.fixture, holds_lease, world.fixture.registry);
        assert_false(registry_ready(world.fixture.registry));
        fake_hold(world.fixture.store, FAKE_LOAD, false);
        job_fixture_run(&world.fixture, is_loaded, world.fixture.registry);
        deinit(&world);
}

static void on_heard(Job *job, void *userdata) {
        Told *heard = userdata;

        heard->job = job;
}

static void on_ready(void *userdata) {
}

static void on_submitted_after_heard(void *userdata, int r, Job *job, bool created, const UserError *error) {
        Told *heard = userdata;

        assert_int_equal(r, 0);
        assert_ptr_equal(heard->job, job);
        heard->is = true;
}

static void test_who_listens_hears_of_a_new_job(void **state) {
        static const char text[] = "{\"collection\": \"test.a\"}";
        _cleanup_(json_freep) JsonValue *spec = NULL;
        World *world = *state;
        Told heard = {};
        RegistryListener listener = { .changed = on_heard, .ready = on_ready, .userdata = &heard };

        assert_int_equal(json_parse(text, strlen(text), &spec, NULL), 0);
        registry_listen(world->fixture.registry, &listener);
        registry_submit(world->fixture.registry, spec, false, on_submitted_after_heard, &heard);
        job_fixture_run(&world->fixture, is_told, &heard);
        registry_unlisten(world->fixture.registry, &listener);
}

static void test_the_same_name_twice_at_once_is_one_job(void **state) {
        World *world = *state;
        Told first, second, third;

        submit(world, "{\"collection\": \"test.a\"}", &first);
        submit(world, "{\"collection\": \"test.a\"}", &second);
        assert_true(second.is);
        assert_int_equal(second.r, REGISTRY_E_CONFLICT);
        job_fixture_run(&world->fixture, is_told, &first);
        assert_int_equal(first.r, 0);
        assert_true(first.created);

        submit(world, "{\"collection\": \"test.a\"}", &third);
        assert_int_equal(third.r, 0);
        assert_ptr_equal(third.job, first.job);
        assert_false(third.created);
}

static void test_jobs_on_their_way_take_up_room(void **state) {
        World *world = *state;
        Told told[3];

        submit(world, "{\"collection\": \"test.a\"}", &told[0]);
        submit(world, "{\"collection\": \"test.b\"}", &told[1]);
        submit(world, "{\"collection\": \"test.c\"}", &told[2]);
        assert_true(told[2].is);
        assert_int_equal(told[2].r, REGISTRY_E_BUSY);
        job_fixture_run(&world->fixture, is_told, &told[1]);
        assert_int_equal(told[0].r, 0);
        assert_int_equal(told[1].r, 0);
}

static void test_two_jobs_never_write_to_one_field(void **state) {
        static const struct {
                const char *result;
                int r;
        } cases[] = {
                { "{\"field\": \"a\", \"meta\": \"x\"}", REGISTRY_E_CONFLICT },
                { "{\"field\": \"x\", \"meta\": \"b\"}", REGISTRY_E_CONFLICT },
                { "{\"field\": \"b\", \"meta\": \"x\"}", REGISTRY_E_CONFLICT },
                { "{\"field\": \"x\", \"meta\": \"a\"}", REGISTRY_E_CONFLICT },
                { "{\"field\": \"x\", \"meta\": \"y\"}", 0 },
        };
        World *world = *state;

        submitted(world, "{\"collection\": \"test.a\", \"result\": {\"field\": \"a\", \"meta\": \"b\"}}");
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char text[200];
                Told told;

                snprintf(text, sizeof(text), "{\"name\": \"n\", \"collection\": \"test.a\", \"result\": %s}",
                        cases[i].result);
                submit(world, text, &told);
                job_fixture_run(&world->fixture, is_told, &told);
                assert_int_equal(told.r, cases[i].r);
        }
}

static bool is_withdrawn(const void *store) {
        return fake_calls((FakeStore *)(uintptr_t)store, FAKE_DELETE) > 0 &&
               fake_records((FakeStore *)(uintptr_t)store) == 0;
}

static void test_a_record_that_got_there_unseen_is_taken_out_again(void **state) {
        World *world = *state;
        Told told;

        fake_answer(world->fixture.store, FAKE_SAVE, FAKE_AWAY_AFTERWARDS);
        fake_answer(world->fixture.store, FAKE_DELETE, STORE_E_AWAY);
        submit(world, "{\"collection\": \"test.a\"}", &told);
        job_fixture_run(&world->fixture, is_told, &told);
        assert_int_equal(told.r, REGISTRY_E_AWAY);
        assert_null(told.job);
        assert_int_equal(fake_records(world->fixture.store), 1);

        fake_answer(world->fixture.store, FAKE_DELETE, 0);
        job_fixture_run(&world->fixture, is_withdrawn, world->fixture.store);
        assert_true(TAILQ_EMPTY(&world->fixture.registry->jobs));
}

static void test_a_job_is_not_retried_while_it_is_deleted(void **state) {
        _cleanup_(user_error_deinit) UserError error = {};
        World *world = *state;
        Job *job = cancelled(world, "{\"collection\": \"test.a\"}");
        Told told = {};

        fake_hold(world->fixture.store, FAKE_DELETE, true);
        registry_delete(world->fixture.registry, job, &somebody, on_deleted, &told);
        fake_await(world->fixture.store, FAKE_DELETE, 1);
        assert_int_equal(registry_retry(world->fixture.registry, job, NULL, 0, &somebody, &error),
                REGISTRY_E_CONFLICT);
        assert_non_null(strstr(error.message, "being deleted"));

        fake_hold(world->fixture.store, FAKE_DELETE, false);
        job_fixture_run(&world->fixture, is_told, &told);
        assert_int_equal(told.r, 0);
        assert_int_equal(fake_records(world->fixture.store), 0);
        assert_true(TAILQ_EMPTY(&world->fixture.registry->jobs));
}

static void test_a_job_whose_deletion_failed_is_there_as_before(void **state) {
        World *world = *state;
        Job *job = cancelled(world, "{\"collection\": \"test.a\"}"), *found;
        Told told = {};

        fake_answer(world->fixture.store, FAKE_DELETE, STORE_E_REFUSED);
        registry_delete(world->fixture.registry, job, &somebody, on_deleted, &told);
        job_fixture_run(&world->fixture, is_told, &told);
        assert_int_equal(told.r, REGISTRY_E_REFUSED);
        assert_int_equal(registry_find(world->fixture.registry, "a", &found, NULL), 0);
        assert_ptr_equal(found, job);
        assert_int_equal(registry_retry(world->fixture.registry, job, NULL, 0, &somebody, NULL), 0);
        assert_int_equal(job->record.generation, 2);
}

static void test_a_job_can_be_deleted_while_its_documents_are_counted(void **state) {
        World *world = *state;
        Told told = {};
        Job *job;

        fake_hold(world->fixture.store, FAKE_COUNT, true);
        job = submitted(world, "{\"collection\": \"test.a\"}");
        job_fixture_run(&world->fixture, is_counting, job);
        fake_await(world->fixture.store, FAKE_COUNT, 1);
        assert_int_equal(job_cancel(job, NULL, NULL), 0);
        job_fixture_run(&world->fixture, is_quiet, job);
        registry_delete(world->fixture.registry, job, &somebody, on_deleted, &told);
        job_fixture_run(&world->fixture, is_told, &told);
        assert_int_equal(told.r, 0);
        while (!TAILQ_EMPTY(&world->fixture.registry->leaving))
                event_base_loop(world->fixture.base, EVLOOP_ONCE);

        fake_hold(world->fixture.store, FAKE_COUNT, false);
        cancelled(world, "{\"collection\": \"test.b\"}"); /* the loop goes on while the count comes back */
}

#define IN_WORLD(_test) cmocka_unit_test_setup_teardown(_test, setup, teardown)

static bool is_lost(const void *world) {
        return ((const World *)world)->lost;
}

static void test_a_turn_that_is_due_when_the_lease_is_lost_asks_nobody(void **state) {
        World world;

        build(&world, true, 0, 2);
        assert_int_equal(registry_start(world.fixture.registry), 0);
        job_fixture_run(&world.fixture, is_loaded, world.fixture.registry);
        fake_answer(world.fixture.store, FAKE_RENEW, STORE_E_HELD);
        event_active(world.fixture.registry->lease.timer, EV_TIMEOUT, 0); /* as if the time had come */
        job_fixture_run(&world.fixture, is_lost, &world);
        services_kick(&world.fixture.registry->services);
        assert_true(event_base_loop(world.fixture.base, EVLOOP_NONBLOCK) >= 0);
        deinit(&world);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_jobs_that_the_store_does_not_give_are_asked_for_again),
                cmocka_unit_test(test_whose_lease_it_waited_for_is_forgotten_with_the_lease),
                cmocka_unit_test(test_a_turn_that_is_due_when_the_lease_is_lost_asks_nobody),
                IN_WORLD(test_who_listens_hears_of_a_new_job),
                IN_WORLD(test_the_same_name_twice_at_once_is_one_job),
                IN_WORLD(test_jobs_on_their_way_take_up_room),
                IN_WORLD(test_two_jobs_never_write_to_one_field),
                IN_WORLD(test_a_record_that_got_there_unseen_is_taken_out_again),
                IN_WORLD(test_a_job_is_not_retried_while_it_is_deleted),
                IN_WORLD(test_a_job_whose_deletion_failed_is_there_as_before),
                IN_WORLD(test_a_job_can_be_deleted_while_its_documents_are_counted),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
