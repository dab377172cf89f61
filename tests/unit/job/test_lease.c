/* Nothing is done to a store's jobs without the lease on them. */

#include "daemon/job/lease.h"

#include <string.h>
#include <unistd.h>

#include "common/timeutil.h"
#include "tests/unit/job/fixture.h"
#include "tests/unit/unit.h"

#define LENGTH_US UINT64_C(60000000)

typedef struct World World;

struct World {
        JobFixture fixture;
        Lease lease;
        unsigned taken, waits, lost;
        char why[300];
        char waits_for[300];
};

static void on_taken(void *userdata) {
        ((World *)userdata)->taken++;
}

static void on_waits(const StoreFailure *failure, void *userdata) {
        World *world = userdata;

        world->waits++;
        strncpy(world->waits_for, failure->message, sizeof(world->waits_for) - 1);
}

static void on_lost(UserError *why, void *userdata) {
        World *world = userdata;

        world->lost++;
        strncpy(world->why, why->message, sizeof(world->why) - 1);
        user_error_deinit(why);
}

static int setup(void **state) {
        World *world = calloc(1, sizeof(*world));

        assert_non_null(world);
        job_fixture_init(&world->fixture);
        fake_lease_out(world->fixture.store);
        world->lease = (Lease) {
                .services = &world->fixture.services,
                .taken = on_taken,
                .waits = on_waits,
                .lost = on_lost,
                .userdata = world,
        };
        assert_int_equal(lease_init(&world->lease, LENGTH_US), 0);
        *state = world;
        return 0;
}

static int teardown(void **state) {
        World *world = *state;

        job_fixture_end_workers(&world->fixture);
        lease_deinit(&world->lease);
        job_fixture_deinit(&world->fixture);
        free(world);
        return 0;
}

static bool is_taken(const void *world) {
        return ((const World *)world)->taken;
}

static bool is_lost(const void *world) {
        return ((const World *)world)->lost;
}

static bool waits_once(const void *world) {
        return ((const World *)world)->waits == 1;
}

static bool waits_twice(const void *world) {
        return ((const World *)world)->waits == 2;
}

static bool is_away(const void *world) {
        return ((const World *)world)->fixture.link.away;
}

static bool is_back(const void *world) {
        return !is_away(world);
}

static bool has_renewed(const void *world) {
        return store_link_lets_start(&((const World *)world)->fixture.link);
}

static bool is_refused(const void *world) {
        return ((const World *)world)->lease.complained;
}

static void begin(World *world) {
        assert_int_equal(lease_begin(&world->lease), 0);
}

/* As if the time to renew, or to look again, had come. */
static void run_timer(World *world) {
        event_active(world->lease.timer, EV_TIMEOUT, 0);
}

/* Another owner, who may live: on another machine. */
static void held_by_another(World *world) {
        StoreLease *lease = &world->fixture.store->lease;

        *lease = (StoreLease) { .process = { .host = "far", .boot = "other", .pid = 4711 }, .renewed_ms = 1 };
        bson_oid_init(&lease->owner, NULL);
        fake_answer(world->fixture.store, FAKE_TAKE, STORE_E_HELD);
}

static void test_the_link_is_closed_until_it_is_taken(void **state) {
        World *world = *state;
        StoreLink *link = &world->fixture.link;

        assert_false(store_link_lets_start(link));
        assert_int_equal(atomic_load(&link->open_until_us), 0);
        begin(world);
        job_fixture_run(&world->fixture, is_taken, world);
        assert_true(store_link_lets_start(link));
        assert_true(atomic_load(&link->open_until_us) <= time_boot_us() + LENGTH_US);
        assert_true(link->start_until_us <= time_boot_us() + LENGTH_US / 2);
        assert_true(event_pending(world->lease.timer, EV_TIMEOUT, NULL));
}

static void test_a_store_that_is_away_gives_it_when_it_is_back(void **state) {
        World *world = *state;

        fake_answer(world->fixture.store, FAKE_TAKE, STORE_E_AWAY);
        begin(world);
        job_fixture_run(&world->fixture, is_away, world);
        assert_int_equal(world->taken, 0);
        fake_answer(world->fixture.store, FAKE_TAKE, 0);
        job_fixture_run(&world->fixture, is_taken, world);
}

static void test_who_runs_on_this_machine_is_not_waited_for(void **state) {
        World *world = *state;
        StoreLease *lease = &world->fixture.store->lease;

        held_by_another(world);
        process_id_self(&lease->process);
        begin(world);
        job_fixture_run(&world->fixture, is_lost, world);
        assert_non_null(strstr(world->why, "another reqd is at work"));
        assert_int_equal(world->taken + world->waits, 0);
}

static void test_who_has_ended_is_not_waited_for(void **state) {
        World *world = *state;
        StoreLease *lease = &world->fixture.store->lease;

        held_by_another(world);
        process_id_self(&lease->process);
        lease->process.begun--; /* an earlier one of our number */
        begin(world);
        job_fixture_run(&world->fixture, is_taken, world);
        assert_true(bson_oid_equal(&world->fixture.store->taken_from, &lease->owner));
}

static void test_who_does_not_renew_is_watched_until_it_runs_out(void **state) {
        World *world = *state;

        held_by_another(world);
        begin(world);
        job_fixture_run(&world->fixture, waits_once, world);
        assert_non_null(strstr(world->waits_for, "process 4711 on far"));
        run_timer(world);
        job_fixture_run(&world->fixture, waits_twice, world);
        fake_answer(world->fixture.store, FAKE_TAKE, 0);
        run_timer(world);
        job_fixture_run(&world->fixture, is_taken, world);
        assert_int_equal(world->lost, 0);
}

static void test_who_renews_lives(void **state) {
        World *world = *state;

        held_by_another(world);
        begin(world);
        job_fixture_run(&world->fixture, waits_once, world);
        world->fixture.store->lease.renewed_ms++;
        run_timer(world);
        job_fixture_run(&world->fixture, is_lost, world);
        assert_non_null(strstr(world->why, "process 4711 on far"));
}

static void test_who_was_quicker_lives(void **state) {
        World *world = *state;

        held_by_another(world);
        begin(world);
        job_fixture_run(&world->fixture, waits_once, world);
        bson_oid_init(&world->fixture.store->lease.owner, NULL);
        run_timer(world);
        job_fixture_run(&world->fixture, is_lost, world);
}

static void test_without_a_renewal_nothing_starts_and_later_nothing_is_called(void **state) {
        World *world = *state;
        StoreLink *link = &world->fixture.link;

        begin(world);
        job_fixture_run(&world->fixture, is_taken, world);
        fake_answer(world->fixture.store, FAKE_RENEW, STORE_E_AWAY);
        run_timer(world);
        job_fixture_run(&world->fixture, is_away, world);
        assert_true(store_link_lets_start(link)); /* the lease is young */

        store_link_open(link, time_boot_us(), time_boot_us()); /* as if its time had passed */
        assert_false(store_link_lets_start(link));
        assert_int_equal(world->lost, 0);

        fake_answer(world->fixture.store, FAKE_RENEW, 0); /* nobody took it: it is still ours */
        job_fixture_run(&world->fixture, has_renewed, world);
        assert_true(atomic_load(&link->open_until_us) > time_boot_us());
        assert_int_equal(world->taken, 1);
        job_fixture_run(&world->fixture, is_back, world);
}

static void test_a_refused_renewal_is_asked_for_again(void **state) {
        World *world = *state;

        begin(world);
        job_fixture_run(&world->fixture, is_taken, world);
        store_link_open(&world->fixture.link, 0, 0);
        fake_answer(world->fixture.store, FAKE_RENEW, STORE_E_REFUSED);
        run_timer(world);
        job_fixture_run(&world->fixture, is_refused, world);
        fake_answer(world->fixture.store, FAKE_RENEW, 0);
        job_fixture_run(&world->fixture, has_renewed, world);
        assert_int_equal(fake_calls(world->fixture.store, FAKE_RENEW), 2);
        assert_int_equal(world->lost, 0);
}

static void test_who_lost_it_ends(void **state) {
        World *world = *state;

        begin(world);
        job_fixture_run(&world->fixture, is_taken, world);
        fake_answer(world->fixture.store, FAKE_RENEW, STORE_E_HELD);
        run_timer(world);
        job_fixture_run(&world->fixture, is_lost, world);
        assert_non_null(strstr(world->why, "taken over"));
        assert_false(store_link_lets_start(&world->fixture.link));
        assert_int_equal(atomic_load(&world->fixture.link.open_until_us), 0);
        job_fixture_end_workers(&world->fixture);
        lease_deinit(&world->lease);
        assert_int_equal(fake_calls(world->fixture.store, FAKE_RELEASE), 0);
}

static void test_it_is_released_at_the_end(void **state) {
        World *world = *state;

        begin(world);
        job_fixture_run(&world->fixture, is_taken, world);
        job_fixture_end_workers(&world->fixture);
        lease_deinit(&world->lease);
        assert_int_equal(fake_calls(world->fixture.store, FAKE_RELEASE), 1);
}

#define IN_WORLD(_test) cmocka_unit_test_setup_teardown(_test, setup, teardown)

int main(void) {
        static const struct CMUnitTest tests[] = {
                IN_WORLD(test_the_link_is_closed_until_it_is_taken),
                IN_WORLD(test_a_store_that_is_away_gives_it_when_it_is_back),
                IN_WORLD(test_who_runs_on_this_machine_is_not_waited_for),
                IN_WORLD(test_who_has_ended_is_not_waited_for),
                IN_WORLD(test_who_does_not_renew_is_watched_until_it_runs_out),
                IN_WORLD(test_who_renews_lives),
                IN_WORLD(test_who_was_quicker_lives),
                IN_WORLD(test_without_a_renewal_nothing_starts_and_later_nothing_is_called),
                IN_WORLD(test_a_refused_renewal_is_asked_for_again),
                IN_WORLD(test_who_lost_it_ends),
                IN_WORLD(test_it_is_released_at_the_end),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
