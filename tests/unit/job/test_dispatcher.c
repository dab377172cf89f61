/* What the dispatcher starts, and what it waits for. */

#include <errno.h>

#include "common/log.h"
#include "tests/unit/job/dispatcher_world.h"
#include "tests/unit/unit.h"

static void test_a_slot_is_free_while_its_body_is_parsed(void **state) {
        HttpResponse large = dispatcher_world_large();
        Side *side = world->sides;

        pacing_set(&side->pacing, 2, 0, world->now_us);
        for (unsigned i = 0; i < 3; i++)
                side_read(side, 1);
        assert_true(side_start(side));
        assert_true(side_start(side));
        assert_false(side_start(side));

        world->kicks = 0;
        dispatcher_world_answer(0, &large);
        assert_int_equal(world->n_parsing, 1);
        assert_true(world->kicks > 0);
        assert_true(side_start(side));

        dispatcher_world_parse(0);
        dispatcher_world_answer(0, &large);
        dispatcher_world_parse(0);
        dispatcher_world_answer(0, &large);
        dispatcher_world_parse(0);
}

/* A thread that parses may be slower than the network: what waits for it is in memory. */
static void test_bodies_that_wait_to_be_parsed_are_bounded(void **state) {
        HttpResponse large = dispatcher_world_large();
        Side *side = world->sides;
        uint64_t wait_us;

        for (unsigned i = 0; i < 20; i++)
                side_read(side, 1);
        for (unsigned i = 0; i < 4; i++) {
                assert_true(side_start(side));
                dispatcher_world_answer(0, &large);
        }
        assert_int_equal(dispatcher_check(&side->dispatcher, world->now_us, &wait_us), LIMITED_BY_MEMORY);

        world->kicks = 0;
        dispatcher_world_parse(0);
        assert_true(world->kicks > 0);
        assert_true(side_start(side));

        dispatcher_world_answer(0, &large);
        while (world->n_parsing)
                dispatcher_world_parse(0);
}

static void test_what_no_memory_was_there_for_is_looked_at_again(void **state) {
        Side *side = world->sides;
        uint64_t wait_us;

        side_read(side, 1);
        world->engine_fails = -ENOMEM;
        for (unsigned i = 0; i < 3; i++) {
                assert_int_equal(
                        dispatcher_check(&side->dispatcher, world->now_us, &wait_us), LIMITED_BY_MEMORY);
                assert_true(wait_us > 0);
                world->now_us += wait_us;
        }

        world->engine_fails = 0;
        assert_true(side_start(side));
        world->engine_fails = -ENOMEM;
        side_read(side, 1);
        assert_false(side_start(side));
        world->engine_fails = 0;
        dispatcher_world_answer(0, &(HttpResponse) { .status = 404, .sent = true });
        world->now_us += USEC_PER_SEC;
        assert_true(side_start(side));
        dispatcher_world_answer(0, &(HttpResponse) { .status = 404, .sent = true });
        assert_int_equal(side->n_outcomes[0], 1);
        assert_int_equal(side->n_outcomes[1], 1);
}

/* A limit is to all documents that were begun, by an earlier daemon, too. */
static void test_a_limit_holds_new_ones_back_until_the_earlier_ones_are_known(void **state) {
        Side *side = world->sides;
        uint64_t wait_us;

        side->spec->stop.limit = 3;
        side->feeder.resumes = true;
        for (unsigned i = 0; i < 3; i++)
                side_read(side, 1);
        assert_int_equal(dispatcher_check(&side->dispatcher, world->now_us, &wait_us), LIMITED_BY_SOURCE);
        assert_false(dispatcher_limit_reached(&side->dispatcher));

        side->feeder.looked_ahead = true;
        side->feeder.found_ahead.ok = 2;
        assert_true(side_start(side));
        assert_false(side_start(side));
        assert_true(dispatcher_limit_reached(&side->dispatcher));
        side->feeder.answered.ok = 2; /* they are met, and are still the same */
        side->spec->stop.limit = 4;
        assert_true(side_start(side));
        assert_false(side_start(side));
        while (world->n_flights)
                dispatcher_world_answer(0, &(HttpResponse) { .status = 404, .sent = true });
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_a_slot_is_free_while_its_body_is_parsed,
                        dispatcher_world_setup, dispatcher_world_teardown),
                cmocka_unit_test_setup_teardown(test_bodies_that_wait_to_be_parsed_are_bounded,
                        dispatcher_world_setup, dispatcher_world_teardown),
                cmocka_unit_test_setup_teardown(
                        test_a_limit_holds_new_ones_back_until_the_earlier_ones_are_known,
                        dispatcher_world_setup, dispatcher_world_teardown),
                cmocka_unit_test_setup_teardown(test_what_no_memory_was_there_for_is_looked_at_again,
                        dispatcher_world_setup, dispatcher_world_teardown),
        };

        log_set_level(LOG_LEVEL_ERROR);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
