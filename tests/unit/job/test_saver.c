/*
 * The newest record reaches the store, with as few saves as that takes, and those who wait are told the
 * truth.
 */

#include "daemon/job/saver.h"

#include <stdio.h>

#include "tests/unit/job/fixture.h"
#include "tests/unit/unit.h"

typedef struct World World;

/* A saver and somebody's record. */
struct World {
        JobFixture fixture;
        Saver saver;
        bson_oid_t id;
        char reason[16];                 /* what the record says now */
        unsigned made;                   /* records */
        unsigned n_stored, n_not_stored; /* what waiters were told */
        bool change_once_told;           /* what the first of them does */
        bool hold_once_told;
};

static bson_t *make_record(void *userdata) {
        World *world = userdata;

        world->made++;
        return BCON_NEW("_id", BCON_OID(&world->id), "name", "samples", "reason", BCON_UTF8(world->reason));
}

static int setup(void **state) {
        World *world = calloc(1, sizeof(*world));

        assert_non_null(world);
        job_fixture_init(&world->fixture);
        bson_oid_init(&world->id, NULL);
        world->saver =
                (Saver) { .services = &world->fixture.services, .record = make_record, .userdata = world };
        assert_int_equal(saver_init(&world->saver), 0);
        *state = world;
        return 0;
}

static int teardown(void **state) {
        World *world = *state;

        job_fixture_end_workers(&world->fixture);
        saver_deinit(&world->saver);
        job_fixture_deinit(&world->fixture);
        free(world);
        return 0;
}

static void change(World *world, int to) {
        snprintf(world->reason, sizeof(world->reason), "%d", to);
        saver_changed(&world->saver);
}

static void on_told(void *userdata, bool stored) {
        World *world = userdata;

        world->n_stored += stored;
        world->n_not_stored += !stored;
        if (world->change_once_told) {
                world->change_once_told = false;
                change(world, 99);
        }
        if (world->hold_once_told) {
                world->hold_once_told = false;
                fake_hold(world->fixture.store, FAKE_SAVE, true);
        }
}

static bool is_clean(const void *saver) {
        return saver_clean(saver) && saver_idle(saver);
}

static bool is_idle(const void *saver) {
        return saver_idle(saver);
}

static bool is_refused(const void *saver) {
        return ((const Saver *)saver)->refused;
}

static bool somebody_was_told(const void *world) {
        return ((const World *)world)->n_stored + ((const World *)world)->n_not_stored > 0;
}

static void test_a_change_is_stored_and_who_waits_is_told(void **state) {
        World *world = *state;

        change(world, 1);
        saver_wait(&world->saver, on_told, world);
        assert_false(somebody_was_told(world));
        job_fixture_run(&world->fixture, somebody_was_told, world);
        assert_int_equal(world->n_stored, 1);
        assert_true(saver_clean(&world->saver));
        assert_true(fake_record_says(world->fixture.store, "reason", "1"));
        assert_true(world->fixture.kicks > 0);
}

static void test_who_comes_when_all_is_stored_is_told_at_once(void **state) {
        World *world = *state;

        saver_wait(&world->saver, on_told, world);
        assert_int_equal(world->n_stored, 1);
}

static void test_changes_during_a_save_make_one_more_of_the_newest(void **state) {
        World *world = *state;

        for (int i = 1; i <= 50; i++)
                change(world, i);
        saver_wait(&world->saver, on_told, world);
        job_fixture_run(&world->fixture, is_clean, &world->saver);
        assert_int_equal(world->made, 2);
        assert_int_equal(fake_calls(world->fixture.store, FAKE_SAVE), 2);
        assert_int_equal(world->n_stored, 1);
        assert_true(fake_record_says(world->fixture.store, "reason", "50"));
}

static void test_who_waits_for_a_later_change_is_told_later(void **state) {
        World *world = *state;

        fake_hold(world->fixture.store, FAKE_SAVE, true);
        change(world, 1);
        saver_wait(&world->saver, on_told, world);
        fake_await(world->fixture.store, FAKE_SAVE, 1);
        change(world, 2);
        saver_wait(&world->saver, on_told, world);

        world->hold_once_told = true;
        fake_hold(world->fixture.store, FAKE_SAVE, false);
        job_fixture_run(&world->fixture, somebody_was_told, world);
        assert_int_equal(world->n_stored, 1);
        fake_hold(world->fixture.store, FAKE_SAVE, false);
        job_fixture_run(&world->fixture, is_clean, &world->saver);
        assert_int_equal(world->n_stored, 2);
}

static void test_who_is_told_may_change_it_again(void **state) {
        World *world = *state;

        world->change_once_told = true;
        change(world, 1);
        saver_wait(&world->saver, on_told, world);
        job_fixture_run(&world->fixture, is_clean, &world->saver);
        assert_int_equal(fake_calls(world->fixture.store, FAKE_SAVE), 2);
        assert_true(fake_record_says(world->fixture.store, "reason", "99"));
}

static void test_a_refusal_is_told_and_tried_again(void **state) {
        World *world = *state;

        fake_answer(world->fixture.store, FAKE_SAVE, STORE_E_REFUSED);
        change(world, 1);
        saver_wait(&world->saver, on_told, world);
        job_fixture_run(&world->fixture, is_refused, &world->saver);
        assert_int_equal(world->n_not_stored, 1);
        assert_false(saver_clean(&world->saver));

        change(world, 2); /* this does not ask the store any sooner */
        assert_true(saver_idle(&world->saver));
        fake_answer(world->fixture.store, FAKE_SAVE, 0);
        event_active(world->saver.again, EV_TIMEOUT, 0); /* as if the time had come */
        job_fixture_run(&world->fixture, is_clean, &world->saver);
        assert_false(world->saver.refused);
        assert_true(fake_record_says(world->fixture.store, "reason", "2"));
}

static void test_nobody_waits_for_a_store_that_is_away(void **state) {
        World *world = *state;

        fake_answer(world->fixture.store, FAKE_SAVE, STORE_E_AWAY);
        change(world, 1);
        saver_wait(&world->saver, on_told, world);
        while (!world->fixture.link.away)
                event_base_loop(world->fixture.base, EVLOOP_ONCE);
        saver_give_up(&world->saver); /* the registry's part */
        assert_int_equal(world->n_not_stored, 1);
        saver_wait(&world->saver, on_told, world);
        assert_int_equal(world->n_not_stored, 2);

        fake_answer(world->fixture.store, FAKE_SAVE, 0);
        job_fixture_run(&world->fixture, is_clean, &world->saver);
        assert_true(fake_record_says(world->fixture.store, "reason", "1"));
}

static void test_patience_ends(void **state) {
        World *world = *state;

        fake_hold(world->fixture.store, FAKE_SAVE, true);
        change(world, 1);
        saver_wait(&world->saver, on_told, world);
        job_fixture_run(&world->fixture, somebody_was_told, world);
        assert_int_equal(world->n_not_stored, 1);
        assert_false(is_idle(&world->saver));

        fake_hold(world->fixture.store, FAKE_SAVE, false);
        job_fixture_run(&world->fixture, is_clean, &world->saver);
        assert_int_equal(world->n_stored, 0);
}

static void test_the_end_tells_everybody(void **state) {
        World *world = *state;

        fake_hold(world->fixture.store, FAKE_SAVE, true);
        change(world, 1);
        saver_wait(&world->saver, on_told, world);
        saver_wait(&world->saver, on_told, world);
        job_fixture_end_workers(&world->fixture); /* the save is dropped, done or not */
        saver_deinit(&world->saver);
        assert_int_equal(world->n_not_stored, 2);
}

#define IN_WORLD(_test) cmocka_unit_test_setup_teardown(_test, setup, teardown)

int main(void) {
        static const struct CMUnitTest tests[] = {
                IN_WORLD(test_a_change_is_stored_and_who_waits_is_told),
                IN_WORLD(test_who_comes_when_all_is_stored_is_told_at_once),
                IN_WORLD(test_changes_during_a_save_make_one_more_of_the_newest),
                IN_WORLD(test_who_waits_for_a_later_change_is_told_later),
                IN_WORLD(test_who_is_told_may_change_it_again),
                IN_WORLD(test_a_refusal_is_told_and_tried_again),
                IN_WORLD(test_nobody_waits_for_a_store_that_is_away),
                IN_WORLD(test_patience_ends),
                IN_WORLD(test_the_end_tells_everybody),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
