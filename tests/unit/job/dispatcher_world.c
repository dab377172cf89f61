/* What a dispatcher stands on, each moment of it the test's choice. */

#include "tests/unit/job/dispatcher_world.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/unit.h"

World *world;

uint64_t __wrap_time_now_us(void);
int __wrap_engine_origin(Engine *engine, const char *url, HttpOrigin **ret_origin, UserError *error);
int __wrap_engine_start(
        Engine *engine, HttpOrigin *origin, const HttpRequest *request, http_done_fn done, void *userdata);
char *__wrap_http_response_take_body(const HttpResponse *response);
void __wrap_workers_submit(Workers *workers, WorkLane lane, Work *work);
int __wrap_writer_add(Writer *writer, Outcome *outcome, WatermarkPage *page);

uint64_t __wrap_time_now_us(void) {
        return world->now_us;
}

int __wrap_engine_origin(Engine *engine, const char *url, HttpOrigin **ret_origin, UserError *error) {
        return world->engine_fails ? world->engine_fails
                                   : origin_table_find(&world->table, url, ret_origin, error);
}

int __wrap_engine_start(
        Engine *engine, HttpOrigin *origin, const HttpRequest *request, http_done_fn done, void *userdata) {
        if (world->engine_fails)
                return world->engine_fails;

        assert_true(http_origin_ready(origin));
        assert_true(world->n_flights < UNDER_WAY_MAX);
        world->flights[world->n_flights++] = (Flight) {
                .origin = origin_ref(origin),
                .looking_up = origin_begin_lookup(origin, world->now_us),
                .done = done,
                .userdata = userdata,
        };
        return 0;
}

char *__wrap_http_response_take_body(const HttpResponse *response) {
        return strndup(response->body, response->body_len);
}

void __wrap_workers_submit(Workers *workers, WorkLane lane, Work *work) {
        assert_true(world->n_parsing < UNDER_WAY_MAX);
        world->parsing[world->n_parsing++] = work;
}

int __wrap_writer_add(Writer *writer, Outcome *outcome, WatermarkPage *page) {
        for (Side *side = world->sides; side < world->sides + SIDES; side++)
                if (writer == &side->writer)
                        side->n_outcomes[outcome->key.value.v_int32]++;

        outcome_free(outcome);
        return 0;
}

static void kick(void *userdata) {
        ((World *)userdata)->kicks++;
}

static JobSpec *spec_of(const char *text) {
        _cleanup_(json_freep) JsonValue *json = NULL;
        _cleanup_(user_error_deinit) UserError error = {};
        JobSpec *spec = NULL;

        assert_int_equal(json_parse(text, strlen(text), &json, &error), 0);
        assert_int_equal(job_spec_new(json, &spec, &error), 0);
        return spec;
}

static void side_init(Side *side, uint32_t concurrency) {
        side->spec = spec_of("{\"name\": \"a\", \"collection\": \"test.a\", \"retry\": {\"attempts\": 3}}");
        queue_init(&side->queue, concurrency);
        pacing_set(&side->pacing, concurrency, 0, world->now_us);
        side->feeder = (Feeder) { .queue = &side->queue, .watermark = &side->watermark };
        side->dispatcher = (Dispatcher) {
                .services = &world->services,
                .spec = side->spec,
                .queue = &side->queue,
                .writer = &side->writer,
                .pacing = &side->pacing,
                .latency = &side->latency,
                .ended = &side->ended,
                .outcomes = &side->outcomes,
                .failures = &side->failures,
                .stop = &side->stop,
                .feeder = &side->feeder,
        };
        dispatcher_init(&side->dispatcher);
}

int dispatcher_world_setup(void **state) {
        static const StoreOps ops = { .kind = "none" };

        world = calloc(1, sizeof(*world));
        assert_non_null(world);
        world->now_us = START;
        world->store.ops = &ops;
        world->link.store = &world->store;
        world->services = (Services) {
                .link = &world->link, .origin_events = &world->events, .kick = kick, .userdata = world
        };
        assert_int_equal(origin_table_init(&world->table, NULL), 0);
        world->table.lookup_ended = kick;
        world->table.userdata = world;
        for (size_t i = 0; i < SIDES; i++)
                side_init(&world->sides[i], 4);
        return 0;
}

int dispatcher_world_teardown(void **state) {
        for (Side *side = world->sides; side < world->sides + SIDES; side++) {
                dispatcher_deinit(&side->dispatcher);
                queue_deinit(&side->queue);
                failure_stop_reset(&side->stop);
                job_spec_free(side->spec);
        }
        for (size_t i = 0; i < world->n_flights; i++)
                http_origin_unref(world->flights[i].origin);
        origin_table_deinit(&world->table);
        free(world);
        return 0;
}

void dispatcher_world_url(unsigned origin, char *url, size_t size) {
        if (origin % 2)
                snprintf(url, size, "http://127.0.0.%u/", origin);
        else
                snprintf(url, size, "http://host%u.example/", origin);
}

void side_read(Side *side, unsigned origin) {
        Document *document;
        char url[64];

        dispatcher_world_url(origin, url, sizeof(url));
        document = document_new(BCON_NEW("_id", BCON_INT32(side->n_read), "url", BCON_UTF8(url)), NULL);
        assert_non_null(document);
        side->n_read++;
        side->feeder.ended = side->n_read == DOCUMENTS;
        queue_push(&side->queue, document);
}

bool side_start(Side *side) {
        uint64_t wait_us;

        if (dispatcher_check(&side->dispatcher, world->now_us, &wait_us) != LIMITED_BY_NOTHING)
                return false;

        dispatcher_start(&side->dispatcher, world->now_us);
        return true;
}

void dispatcher_world_answer(size_t i, const HttpResponse *response) {
        Flight flight = world->flights[i];

        world->flights[i] = world->flights[--world->n_flights];
        if (flight.looking_up)
                origin_end_lookup(flight.origin, response->result == HTTP_DNS ? 0 : world->now_us);
        flight.done(response, flight.userdata);
        http_origin_unref(flight.origin);
}

void dispatcher_world_parse(size_t i) {
        Work *work = world->parsing[i];

        world->parsing[i] = world->parsing[--world->n_parsing];
        work->run(work);
        work->done(work);
}

HttpResponse dispatcher_world_large(void) {
        static char body[LARGE];

        memset(body, ' ', sizeof(body));
        body[0] = '1';
        return (HttpResponse) { .status = 200, .sent = true, .body = body, .body_len = sizeof(body) };
}
