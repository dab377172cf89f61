/* Two jobs that ask the same origins, which answer as they like: nothing is forgotten. */

#include <errno.h>
#include <string.h>

#include "common/log.h"
#include "tests/unit/job/dispatcher_world.h"
#include "tests/unit/unit.h"

static uint64_t any(uint64_t below) {
        world->random = world->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return (world->random >> 33) % below;
}

/* What the registry does in a turn, or when the time has come. */
static void turn(void) {
        world->kicks = 0;
        for (Side *side = world->sides; side < world->sides + SIDES; side++)
                for (size_t n = queue_wants(&side->queue); n > 0 && side->n_read < DOCUMENTS; n--)
                        side_read(side, (unsigned)any(ORIGINS));

        for (;;) {
                Side *best = NULL;

                world->wait_us = 0;
                for (Side *side = world->sides; side < world->sides + SIDES; side++) {
                        uint64_t wait_us;

                        if (side->paused)
                                continue;
                        if (dispatcher_check(&side->dispatcher, world->now_us, &wait_us) ==
                                LIMITED_BY_NOTHING) {
                                if (!best || side->pacing.in_flight < best->pacing.in_flight)
                                        best = side;
                        } else if (wait_us && (!world->wait_us || wait_us < world->wait_us))
                                world->wait_us = wait_us;
                }
                if (!best)
                        return;
                dispatcher_start(&best->dispatcher, world->now_us);
        }
}

static unsigned number_of(const HttpOrigin *origin) {
        const char *digit = strpbrk(
                strstr(origin->name, "host") ? origin->name : strrchr(origin->name, '.'), "0123456789");

        return (unsigned)(*digit - '0');
}

/* How an origin answers depends on its mood, which changes now and then. */
static void answer(size_t i) {
        static const HttpResponse bad[] = {
                { .status = 503, .sent = true },
                { .status = 429, .sent = true, .retry_after = "7" },
                { .result = HTTP_TIMEOUT, .sent = true },
                { .result = HTTP_CONNECT },
                { .result = HTTP_DNS },
                { .result = HTTP_CONNECT, .starved = true },
                { .result = HTTP_DENIED_ADDRESS },
                { .status = 200,
                        .sent = true,
                        .body = "no json",
                        .body_len = 7,
                        .rate_remaining = "0",
                        .rate_reset = "3" },
        };
        unsigned *mood = &world->mood[number_of(world->flights[i].origin)];
        HttpResponse good =
                any(2) ? dispatcher_world_large()
                       : (HttpResponse) { .status = 200, .sent = true, .body = "1", .body_len = 1 };

        if (any(30) == 0)
                *mood = (unsigned)any(ELEMENTSOF(bad) + 3);
        world->now_us += any(50 * USEC_PER_MSEC);
        dispatcher_world_answer(i, *mood < ELEMENTSOF(bad) && any(8) ? &bad[*mood] : &good);
}

/* As flow_cancel() has it. */
static void cancel(Side *side) {
        side->dispatcher.last_words = true;
        side->n_read = DOCUMENTS;
        side->feeder.ended = true;
        dispatcher_drop_waiting(&side->dispatcher);
        queue_deinit(&side->queue);
        assert_int_equal(side->queue.n, 0);
        assert_int_equal(dispatcher_retrying(&side->dispatcher), 0);
}

static void change_something(void) {
        Side *side = &world->sides[any(SIDES)];

        pacing_set(&side->pacing, (uint32_t)(1 + any(40)), any(4) ? 0 : 50, world->now_us);
        queue_resize(&side->queue, side->pacing.concurrency);
        side->paused = any(3) == 0;
        world->engine_fails = any(3) ? 0 : -ENOMEM;
        if (any(50) == 0)
                cancel(side);
        world->kicks++;
}

/* One event of those that can come; false where none will ever. */
static bool something_happens(void) {
        bool paused = world->sides[0].paused || world->sides[1].paused;
        size_t n = world->n_flights + world->n_parsing + (world->wait_us > 0) + paused;
        size_t which;

        if (!n)
                return false;

        which = any(n);
        if (which < world->n_flights)
                answer(which);
        else if (which < world->n_flights + world->n_parsing)
                dispatcher_world_parse(which - world->n_flights);
        else if (world->wait_us && which == world->n_flights + world->n_parsing) {
                world->now_us += world->wait_us;
                world->kicks++;
        } else {
                world->sides[0].paused = world->sides[1].paused = false;
                world->kicks++;
        }

        return true;
}

static bool all_ended(void) {
        for (const Side *side = world->sides; side < world->sides + SIDES; side++)
                if (side->n_read < DOCUMENTS || side->queue.n > 0 || dispatcher_window(&side->dispatcher) > 0)
                        return false;

        return true;
}

static void check_counts(void) {
        for (const Side *side = world->sides; side < world->sides + SIDES; side++) {
                const Lanes *lanes = &side->dispatcher.lanes;

                assert_int_equal(side->queue.n_parked, lanes->n_parked);
                assert_true(side->queue.n >= side->queue.n_parked);
                assert_true(side->pacing.in_flight <= world->n_flights);
                assert_true(side->dispatcher.n_parsing <= world->n_parsing);
        }
        assert_int_equal(
                world->sides[0].pacing.in_flight + world->sides[1].pacing.in_flight, world->n_flights);
}

static void check_origins(void) {
        for (unsigned i = 0; i < ORIGINS; i++) {
                HttpOrigin *origin;
                char url[64];

                dispatcher_world_url(i, url, sizeof(url));
                assert_int_equal(origin_table_find(&world->table, url, &origin, NULL), 0);
                assert_int_equal(origin->pace.budget.in_flight, 0);
                assert_int_not_equal(origin->pace.breaker.state, BREAKER_PROBING);
                assert_true(TAILQ_EMPTY(&origin->watches));
                assert_int_equal(origin->refs, 1);
                http_origin_unref(origin);
        }
}

/*
 * Whatever origins answer and whoever pauses: something is always to come, no document ends twice, and each one ends,
 * but for those of a job that is cancelled.
 */
static void play(uint64_t seed) {
        world->random = seed;
        world->kicks = 1;
        while (world->kicks || !all_ended()) {
                if (world->kicks)
                        turn();
                else if (!something_happens())
                        fail_msg("nothing will ever happen, seed %ju", (uintmax_t)seed);
                if (any(200) == 0)
                        change_something();
                check_counts();
        }

        for (size_t s = 0; s < SIDES; s++)
                for (size_t i = 0; i < DOCUMENTS; i++)
                        assert_in_range(
                                world->sides[s].n_outcomes[i], !world->sides[s].dispatcher.last_words, 1);
        check_origins();
}

static void test_each_document_ends_once_whatever_its_origin_does(void **state) {
        (void)dispatcher_world_teardown(state);
        for (uint64_t seed = 1; seed <= 20; seed++) {
                (void)dispatcher_world_setup(state);
                play(seed);
                (void)dispatcher_world_teardown(state);
        }
        (void)dispatcher_world_setup(state);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_each_document_ends_once_whatever_its_origin_does,
                        dispatcher_world_setup, dispatcher_world_teardown),
        };

        log_set_level(LOG_LEVEL_ERROR);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
