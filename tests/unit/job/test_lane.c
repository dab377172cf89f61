/* Documents that wait for their origin: which is next, and what a look costs with thousands of closed origins. */

#include "daemon/job/lane.h"

#include <stdio.h>

#include "common/timeutil.h"
#include "daemon/http/origin.h"
#include "tests/unit/unit.h"

#define START (1000 * USEC_PER_SEC)

typedef struct World World;

struct World {
        OriginTable table;
        Services services;
        Lanes lanes;
        unsigned kicks;
};

static void kick(void *userdata) {
        ((World *)userdata)->kicks++;
}

static int setup(void **state) {
        World *world = calloc(1, sizeof(*world));

        assert_non_null(world);
        assert_int_equal(origin_table_init(&world->table, NULL), 0);
        world->services = (Services) { .kick = kick, .userdata = world };
        lanes_init(&world->lanes, &world->services);
        *state = world;
        return 0;
}

static int teardown(void **state) {
        World *world = *state;

        lanes_deinit(&world->lanes);
        assert_int_equal(world->lanes.n_waiting + world->lanes.n_due + world->lanes.n_parked, 0);
        assert_null(world->lanes.closed_until.first);
        origin_table_deinit(&world->table);
        free(world);
        return 0;
}

/* A document of the origin with that number, its _id being @id. */
static Document *document_of(World *world, unsigned origin, int32_t id) {
        Document *document = document_new(BCON_NEW("_id", BCON_INT32(id)), NULL);
        char url[64];

        assert_non_null(document);
        snprintf(url, sizeof(url), "http://127.0.%u.%u/", origin / 250, origin % 250 + 1);
        assert_int_equal(origin_table_find(&world->table, url, &document->origin, NULL), 0);
        return document;
}

static void park(World *world, unsigned origin, int32_t id) {
        assert_int_equal(lanes_park(&world->lanes, document_of(world, origin, id)), 0);
}

/* The _id of the next one, which is taken; -1: none. */
static int32_t take(World *world, LaneKind kind, uint64_t now_us) {
        Document *document = lanes_next(&world->lanes, kind, 0, now_us);
        bson_iter_t iter;
        int32_t id;

        if (!document)
                return -1;

        id = document_key(document, &iter)->value.v_int32;
        lanes_take(&world->lanes, document);
        document_free(document);
        return id;
}

/* Lets the origin's gate close for so many seconds. */
static void hold(World *world, unsigned origin, uint64_t seconds) {
        Document *document = document_of(world, origin, 0);
        HttpResponse later = { .result = HTTP_ANSWERED, .status = 429 };
        char text[32];

        snprintf(text, sizeof(text), "%ju", (uintmax_t)seconds);
        later.retry_after = text;
        http_origin_end(
                document->origin, http_origin_begin(document->origin, false, START), &later, true, START, 0);
        document_free(document);
}

static void test_one_closed_origin_does_not_hold_up_another(void **state) {
        World *world = *state;

        hold(world, 1, 60);
        for (int32_t i = 0; i < 3; i++)
                park(world, 1, i);
        park(world, 2, 10);
        assert_int_equal(take(world, LANE_FIRST, START), 10);
        assert_int_equal(take(world, LANE_FIRST, START), -1);
        assert_int_equal(lanes_wait_us(&world->lanes, START), 60 * USEC_PER_SEC);
        for (int32_t i = 0; i < 3; i++)
                assert_int_equal(take(world, LANE_FIRST, START + 60 * USEC_PER_SEC), i);
        assert_int_equal(lanes_wait_us(&world->lanes, START), 0);
}

static void test_retries_come_when_they_are_due_and_not_before(void **state) {
        World *world = *state;

        for (int32_t i = 0; i < 3; i++)
                assert_int_equal(lanes_wait(&world->lanes, document_of(world, 1, i),
                                         START + (uint64_t)(3 - i) * USEC_PER_SEC, false),
                        0);
        assert_int_equal(world->lanes.n_waiting, 3);
        assert_int_equal(take(world, LANE_RETRY, START), -1);
        assert_int_equal(lanes_wait_us(&world->lanes, START), USEC_PER_SEC);
        assert_int_equal(take(world, LANE_RETRY, START + USEC_PER_SEC), 2);
        assert_int_equal(take(world, LANE_RETRY, START + USEC_PER_SEC), -1);
        assert_int_equal(take(world, LANE_RETRY, START + 3 * USEC_PER_SEC), 1);
        assert_int_equal(take(world, LANE_FIRST, START + 3 * USEC_PER_SEC), -1); /* another kind */
        assert_int_equal(take(world, LANE_RETRY, START + 3 * USEC_PER_SEC), 0);
}

static void test_the_one_that_probes_goes_ahead(void **state) {
        World *world = *state;

        for (int32_t i = 0; i < 3; i++)
                assert_int_equal(
                        lanes_wait(&world->lanes, document_of(world, 1, i), START + (uint64_t)i, i == 2), 0);
        assert_int_equal(take(world, LANE_RETRY, START + 10), 2);
        assert_int_equal(take(world, LANE_RETRY, START + 10), 0);
}

static void test_the_end_of_a_request_wakes_a_lane(void **state) {
        World *world = *state;
        HttpResponse bad = { .result = HTTP_TIMEOUT }, good = { .result = HTTP_ANSWERED, .status = 200 };
        Document *asked = document_of(world, 1, 0);
        OriginTicket probe;

        for (unsigned i = 0; i < BREAKER_ANSWERS_MIN; i++)
                http_origin_end(
                        asked->origin, http_origin_begin(asked->origin, false, START), &bad, true, START, 0);
        probe = http_origin_begin(asked->origin, false, START + 2 * USEC_PER_SEC);
        park(world, 1, 7);
        assert_int_equal(take(world, LANE_FIRST, START + 2 * USEC_PER_SEC), -1);
        assert_int_equal(lanes_wait_us(&world->lanes, START), 0); /* only the probe's end can tell */
        assert_non_null(lanes_next_closed(&world->lanes, NULL));

        http_origin_end(asked->origin, probe, &good, true, START + 2 * USEC_PER_SEC, 0);
        assert_true(world->kicks > 0);
        assert_null(lanes_next_closed(&world->lanes, NULL));
        assert_int_equal(take(world, LANE_FIRST, START + 2 * USEC_PER_SEC), 7);
        document_free(asked);
}

static Document *document_of_name(World *world, const char *url) {
        Document *document = document_new(BCON_NEW("_id", BCON_INT32(7)), NULL);

        assert_non_null(document);
        assert_int_equal(origin_table_find(&world->table, url, &document->origin, NULL), 0);
        return document;
}

/* Too many names are being looked up; meanwhile another job has found one of those that wait for their turn. */
static void test_a_name_that_somebody_else_found_waits_no_longer(void **state) {
        World *world = *state;
        Document *first = document_of_name(world, "http://first.example/");
        Document *second = document_of_name(world, "http://second.example/");

        world->table.n_lookups = ORIGIN_LOOKUPS_MAX;
        assert_int_equal(lanes_park(&world->lanes, first), 0);
        assert_int_equal(lanes_park(&world->lanes, second), 0);
        assert_int_equal(take(world, LANE_FIRST, START), -1);

        second->origin->own.known_us = START;
        origin_changed(second->origin);
        assert_true(world->kicks > 0);
        assert_int_equal(take(world, LANE_FIRST, START), 7);
        assert_int_equal(take(world, LANE_FIRST, START), -1);
}

/* Counted, not timed: after the first look no closed lane is looked at again until something changes. */
static void test_a_look_costs_the_same_with_thousands_of_closed_origins(void **state) {
        World *world = *state;

        for (unsigned i = 0; i < 10000; i++) {
                hold(world, i, 600);
                park(world, i, (int32_t)i);
        }
        assert_int_equal(take(world, LANE_FIRST, START), -1);
        assert_true(TAILQ_EMPTY(&world->lanes.ready[LANE_FIRST]));
        assert_true(TAILQ_EMPTY(&world->lanes.crowded[LANE_FIRST]));

        park(world, 20000, 77);
        assert_int_equal(take(world, LANE_FIRST, START), 77);
        assert_true(TAILQ_EMPTY(&world->lanes.ready[LANE_FIRST]));
        for (unsigned i = 0; i < 10000; i++)
                assert_int_not_equal(take(world, LANE_FIRST, START + 600 * USEC_PER_SEC), -1);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(
                        test_one_closed_origin_does_not_hold_up_another, setup, teardown),
                cmocka_unit_test_setup_teardown(
                        test_retries_come_when_they_are_due_and_not_before, setup, teardown),
                cmocka_unit_test_setup_teardown(test_the_one_that_probes_goes_ahead, setup, teardown),
                cmocka_unit_test_setup_teardown(test_the_end_of_a_request_wakes_a_lane, setup, teardown),
                cmocka_unit_test_setup_teardown(
                        test_a_name_that_somebody_else_found_waits_no_longer, setup, teardown),
                cmocka_unit_test_setup_teardown(
                        test_a_look_costs_the_same_with_thousands_of_closed_origins, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
