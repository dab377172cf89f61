/* Outcomes travel in bulks of bounded size, are counted once the store has them, and outlive its refusal. */

#include "daemon/job/writer.h"

#include <string.h>

#include "tests/unit/job/fixture.h"
#include "tests/unit/unit.h"

#define COLLECTION "test.samples"
#define BULK 1000 /* outcomes at most */

typedef struct World World;

/* A writer over a collection whose documents have the _ids 0, 1, 2 ... */
struct World {
        JobFixture fixture;
        Watermark watermark;
        Tally tally;
        Writer writer;
        unsigned n_refused, n_moved;
        StoreFailure failure;
};

static void on_refused(const StoreFailure *failure, void *userdata) {
        World *world = userdata;

        world->n_refused++;
        world->failure = *failure;
}

static void on_moved(void *userdata) {
        ((World *)userdata)->n_moved++;
}

static int setup(void **state) {
        World *world = calloc(1, sizeof(*world));

        assert_non_null(world);
        job_fixture_init(&world->fixture);
        watermark_init(&world->watermark, NULL, &world->tally);
        world->writer = (Writer) {
                .services = &world->fixture.services,
                .target = { COLLECTION, "response", "reqd", .job_name = "samples", .generation = 1 },
                .watermark = &world->watermark,
                .tally = &world->tally,
                .refuse = on_refused,
                .moved = on_moved,
                .userdata = world,
        };
        bson_oid_init(&world->writer.target.job, NULL);
        assert_int_equal(writer_init(&world->writer), 0);
        *state = world;
        return 0;
}

static int teardown(void **state) {
        World *world = *state;

        job_fixture_end_workers(&world->fixture);
        writer_deinit(&world->writer);
        watermark_deinit(&world->watermark);
        job_fixture_deinit(&world->fixture);
        free(world);
        return 0;
}

/* Documents with the _ids 0 to @n - 1. */
static void fill(World *world, int32_t n) {
        uint64_t inserted, skipped;

        for (int32_t i = 0; i < n; i++) {
                bson_t *document = BCON_NEW("_id", BCON_INT32(i));

                assert_int_equal(store_import(world->fixture.store->memory, COLLECTION, &document, 1,
                                         &inserted, &skipped, NULL),
                        0);
                bson_destroy(document);
        }
}

/* @bytes of text in the result field. */
static Outcome *make_ok(int32_t id, size_t bytes) {
        Outcome *outcome = outcome_new();

        assert_non_null(outcome);
        outcome->key = (bson_value_t) { .value_type = BSON_TYPE_INT32, .value.v_int32 = id };
        outcome->state = OUTCOME_OK;
        outcome->attempts = 1;
        outcome->value_form = OUTCOME_VALUE_TEXT;
        outcome->value = malloc(bytes + 1);
        assert_non_null(outcome->value);
        memset(outcome->value, 'x', bytes);
        outcome->value_len = bytes;
        return outcome;
}

static Outcome *make_failed(int32_t id, FailureReason reason) {
        Outcome *outcome = make_ok(id, 0);

        outcome->state = OUTCOME_FAILED;
        outcome->reason = reason;
        outcome->value_form = OUTCOME_VALUE_NONE;
        outcome->attempts = 5;
        return outcome;
}

static void add(World *world, Outcome *outcome) {
        WatermarkPage *page = watermark_page(&world->watermark);

        assert_non_null(page);
        watermark_add(page, &outcome->key);
        assert_int_equal(writer_add(&world->writer, outcome, page), 0);
}

static void add_many(World *world, int32_t from, int32_t n) {
        for (int32_t i = 0; i < n; i++)
                add(world, make_ok(from + i, 10));
}

static bool all_is_stored(const void *writer) {
        return ((const Writer *)writer)->unstored == 0;
}

static bool is_settled(const void *writer) {
        return writer_settled(writer);
}

static void run(World *world) {
        job_fixture_run(&world->fixture, all_is_stored, &world->writer);
}

static void assert_bulks(World *world, const size_t *sizes, size_t n) {
        assert_int_equal(fake_calls(world->fixture.store, FAKE_WRITE), n);
        for (size_t i = 0; i < n; i++)
                assert_int_equal(world->fixture.store->bulks[i], sizes[i]);
}

static void test_a_bulk_is_bounded_and_a_rest_goes_by_its_age(void **state) {
        World *world = *state;

        fill(world, 1);
        add_many(world, 0, 2 * BULK + 500);
        assert_int_equal(world->writer.unstored, 2 * BULK + 500);
        assert_false(writer_settled(&world->writer));
        run(world);
        assert_bulks(world, (const size_t[]) { BULK, BULK, 500 }, 3);
        assert_true(writer_settled(&world->writer));
        assert_true(writer_idle(&world->writer));
        assert_int_equal(world->writer.bytes, 0);
}

static void test_a_bulk_is_bounded_in_bytes(void **state) {
        World *world = *state;

        fill(world, 4);
        for (int32_t i = 0; i < 4; i++)
                add(world, make_ok(i, 3 * 1024 * 1024));
        writer_flush(&world->writer);
        run(world);
        assert_bulks(world, (const size_t[]) { 3, 1 }, 2);
        assert_int_equal(world->tally.ok, 4);
}

static void test_two_bulks_travel_and_the_third_waits_and_grows(void **state) {
        World *world = *state;

        fill(world, 1);
        fake_hold(world->fixture.store, FAKE_WRITE, true);
        add_many(world, 0, 2 * BULK + 1);
        writer_flush(&world->writer);
        assert_int_equal(world->writer.n_sent, 2);
        add_many(world, 0, 1);
        writer_flush(&world->writer);
        fake_await(world->fixture.store, FAKE_WRITE, 2);
        assert_int_equal(world->writer.n_sent, 2);

        fake_hold(world->fixture.store, FAKE_WRITE, false);
        run(world);
        assert_bulks(world, (const size_t[]) { BULK, BULK, 2 }, 3);
}

static void test_it_is_full_by_number_and_by_bytes(void **state) {
        World *world = *state;

        fill(world, 1);
        fake_hold(world->fixture.store, FAKE_WRITE, true);
        assert_false(writer_full(&world->writer, 100));
        add_many(world, 0, 1999);
        assert_false(writer_full(&world->writer, 100));
        add_many(world, 0, 1);
        assert_true(writer_full(&world->writer, 100));
        assert_false(writer_full(&world->writer, 1001)); /* twice the concurrency, where that is more */
        for (int32_t i = 0; i < 11; i++)
                add(world, make_ok(0, 3 * 1024 * 1024));
        assert_true(writer_full(&world->writer, 1000000));
        fake_hold(world->fixture.store, FAKE_WRITE, false);
        run(world);
        assert_false(writer_full(&world->writer, 100));
}

static void test_each_outcome_is_counted_as_what_became_of_it(void **state) {
        World *world = *state;

        fill(world, 3);
        add(world, make_ok(0, 10));
        writer_flush(&world->writer);
        run(world);

        add(world, make_failed(0, REASON_TIMEOUT)); /* the ok stands */
        add(world, make_failed(1, REASON_DNS));     /* stored */
        add(world, make_ok(2, 17 * 1024 * 1024));   /* more than a document holds */
        add(world, make_ok(77, 10));                /* no such document any more */
        writer_flush(&world->writer);
        run(world);

        assert_int_equal(world->tally.ok, 2);
        assert_int_equal(world->tally.failed[REASON_DNS], 1);
        assert_int_equal(world->tally.failed[REASON_TIMEOUT], 0);
        assert_int_equal(world->tally.failed[REASON_STORE_REFUSED], 1);
        assert_int_equal(world->tally.gone, 1);
        assert_int_equal(world->tally.attempts, 1 + 5 + 5 + 1 + 1);
}

static void test_the_watermark_moves_with_what_is_stored(void **state) {
        World *world = *state;

        fill(world, 1);
        add_many(world, 0, WATERMARK_PAGE_DOCUMENTS + 1);
        run(world);
        assert_int_equal(world->n_moved, 1);
        assert_int_equal(world->watermark.at.value.v_int32, WATERMARK_PAGE_DOCUMENTS - 1);
        assert_int_equal(tally_documents(&world->watermark.tally), WATERMARK_PAGE_DOCUMENTS);
        watermark_end(&world->watermark);
        assert_int_equal(world->watermark.at.value.v_int32, WATERMARK_PAGE_DOCUMENTS);
}

static void test_what_is_refused_is_kept_and_sent_again(void **state) {
        World *world = *state;

        fill(world, BULK + 1);
        fake_answer(world->fixture.store, FAKE_WRITE, STORE_E_REFUSED);
        add_many(world, 0, BULK + 1);
        writer_flush(&world->writer);
        job_fixture_run(&world->fixture, is_settled, &world->writer);
        assert_int_equal(world->n_refused, 2);
        assert_string_equal(world->failure.message, "not today");
        assert_int_equal(world->writer.unstored, BULK + 1);
        assert_int_equal(tally_documents(&world->tally), 0);

        fake_answer(world->fixture.store, FAKE_WRITE, 0);
        writer_again(&world->writer);
        assert_false(writer_settled(&world->writer));
        run(world);
        assert_int_equal(world->tally.ok, BULK + 1);
        assert_int_equal(fake_calls(world->fixture.store, FAKE_WRITE), 4);
}

static void test_it_is_not_settled_while_something_was_not_even_sent(void **state) {
        World *world = *state;

        fill(world, 2);
        fake_answer(world->fixture.store, FAKE_WRITE, STORE_E_REFUSED);
        add_many(world, 0, 1);
        writer_flush(&world->writer);
        job_fixture_run(&world->fixture, is_settled, &world->writer);
        add_many(world, 1, 1);
        assert_false(writer_settled(&world->writer));
        job_fixture_run(&world->fixture, is_settled, &world->writer);
        assert_int_equal(world->n_refused, 2);
}

static void test_what_is_refused_can_be_forgotten(void **state) {
        World *world = *state;

        fill(world, 5);
        fake_answer(world->fixture.store, FAKE_WRITE, STORE_E_REFUSED);
        add_many(world, 0, 5);
        writer_flush(&world->writer);
        job_fixture_run(&world->fixture, is_settled, &world->writer);
        assert_int_equal(writer_forget_refused(&world->writer), 5);
        assert_int_equal(world->writer.unstored, 0);
        assert_int_equal(world->writer.bytes, 0);
        assert_int_equal(writer_forget_refused(&world->writer), 0);
        assert_int_equal(tally_documents(&world->tally), 0);
}

static void test_a_store_that_was_away_gets_the_bulk_later(void **state) {
        World *world = *state;

        fill(world, 5);
        fake_answer(world->fixture.store, FAKE_WRITE, FAKE_AWAY_AFTERWARDS); /* stored, but nobody knows */
        add_many(world, 0, 5);
        writer_flush(&world->writer);
        while (!world->fixture.link.away)
                event_base_loop(world->fixture.base, EVLOOP_ONCE);
        assert_int_equal(world->writer.unstored, 5);

        fake_answer(world->fixture.store, FAKE_WRITE, 0);
        run(world);
        assert_int_equal(world->tally.ok, 5);
        assert_int_equal(world->n_refused, 0);
}

static void test_the_end_frees_what_was_not_sent(void **state) {
        World *world = *state;

        fake_hold(world->fixture.store, FAKE_WRITE, true);
        add_many(world, 0, 4 * BULK + 1);
        fake_await(world->fixture.store, FAKE_WRITE, 2);
}

#define IN_WORLD(_test) cmocka_unit_test_setup_teardown(_test, setup, teardown)

int main(void) {
        static const struct CMUnitTest tests[] = {
                IN_WORLD(test_a_bulk_is_bounded_and_a_rest_goes_by_its_age),
                IN_WORLD(test_a_bulk_is_bounded_in_bytes),
                IN_WORLD(test_two_bulks_travel_and_the_third_waits_and_grows),
                IN_WORLD(test_it_is_full_by_number_and_by_bytes),
                IN_WORLD(test_each_outcome_is_counted_as_what_became_of_it),
                IN_WORLD(test_the_watermark_moves_with_what_is_stored),
                IN_WORLD(test_what_is_refused_is_kept_and_sent_again),
                IN_WORLD(test_it_is_not_settled_while_something_was_not_even_sent),
                IN_WORLD(test_what_is_refused_can_be_forgotten),
                IN_WORLD(test_a_store_that_was_away_gets_the_bulk_later),
                IN_WORLD(test_the_end_frees_what_was_not_sent),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
