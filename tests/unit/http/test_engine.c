/* Many exchanges at once: each ends once, over few connections, whatever starts or fails meanwhile. */

#include "daemon/http/engine.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/http/fixture.h"
#include "tests/unit/unit.h"

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
#define MANY 1000

typedef struct Exchange Exchange;
typedef struct Load Load;

static const ServerRoute routes[] = {
        { "/ok", OK },
        { "/item/*", OK },
        { "/silent" },
        { "/close?*", .then = SERVER_CLOSE },
        {},
};

struct Exchange {
        Load *load;
        unsigned n_done;
        HttpResult result;
};

/* Starts exchange after exchange, some of them under way at any time. */
struct Load {
        Fixture *fixture;
        const char *path; /* %u is the exchange's number */
        Exchange exchanges[MANY];
        unsigned n_started;
        unsigned n_ended;
        unsigned n; /* so many in all */
        unsigned most_in_flight;
};

static void load_start(Load *load);

static void on_load_done(const HttpResponse *response, void *userdata) {
        Exchange *exchange = userdata;
        Load *load = exchange->load;

        exchange->n_done++;
        exchange->result = response->result;
        load->n_ended++;
        if (load->n_started < load->n)
                load_start(load);
}

static void load_start(Load *load) {
        Engine *engine = load->fixture->engine;
        Exchange *exchange = &load->exchanges[load->n_started];
        char path[64];
        _cleanup_free_ char *url = NULL;
        HttpRequest request;
        HttpOrigin *origin;

        snprintf(path, sizeof(path), load->path, load->n_started++);
        url = fixture_url(load->fixture, path);
        request = fixture_request(url);
        exchange->load = load;

        assert_int_equal(engine_origin(engine, url, &origin, NULL), 0);
        assert_int_equal(engine_start(engine, origin, &request, on_load_done, exchange), 0);
        http_origin_unref(origin);
        if (engine_in_flight(engine) > load->most_in_flight)
                load->most_in_flight = engine_in_flight(engine);
}

static Load *load_new(Fixture *fixture, const char *path, unsigned n, unsigned in_flight) {
        Load *load = calloc(1, sizeof(*load));

        assert_non_null(load);
        load->fixture = fixture;
        load->path = path;
        load->n = n;
        while (load->n_started < in_flight)
                load_start(load);
        return load;
}

static void load_run(Load *load) {
        while (load->n_ended < load->n)
                assert_int_equal(event_base_loop(load->fixture->base, EVLOOP_ONCE), 0);
}

static void load_freep(Load **load) {
        free(*load);
}

static void test_a_thousand_exchanges_end_once_each_over_the_connections_of_three_hundred(void **state) {
        const EngineOptions options = { .max_in_flight = 500,
                .max_idle = 500 }; /* four shards, three in use */
        _cleanup_(load_freep) Load *load = NULL;
        Fixture fixture;

        fixture_init(&fixture, routes, &options);
        load = load_new(&fixture, "/item/%u", MANY, 300);
        load_run(load);

        for (unsigned i = 0; i < MANY; i++) {
                assert_int_equal(load->exchanges[i].n_done, 1);
                assert_int_equal(load->exchanges[i].result, HTTP_ANSWERED);
        }
        assert_int_equal(load->most_in_flight, 300);
        assert_int_equal(engine_in_flight(fixture.engine), 0);
        assert_int_equal(server_requests(fixture.server), MANY);
        assert_int_equal(server_connections(fixture.server), 300);
        fixture_deinit(&fixture);
}

static void test_exchanges_one_after_the_other_share_a_connection(void **state) {
        Fixture fixture;

        fixture_init(&fixture, routes, NULL);
        for (unsigned i = 0; i < 20; i++)
                assert_int_equal(fixture_get(&fixture, "/ok")->result, HTTP_ANSWERED);
        assert_int_equal(server_connections(fixture.server), 1);
        fixture_deinit(&fixture);
}

static void test_idle_connections_are_bounded(void **state) {
        const EngineOptions options = { .max_in_flight = 10000, .max_idle = 20 }; /* one of 79 shards */
        _cleanup_(load_freep) Load *load = NULL;
        Fixture fixture;

        fixture_init(&fixture, routes, &options);
        load = load_new(&fixture, "/item/%u", 100, 100);
        load_run(load);
        assert_int_equal(server_connections(fixture.server), 100);

        fixture_get(&fixture, "/ok"); /* the server hears of closed ones before it answers this */
        assert_in_range(server_open(fixture.server), 1, 21);
        assert_int_equal(server_connections(fixture.server), 100);
        fixture_deinit(&fixture);
}

static void test_nothing_is_done_from_within_the_start(void **state) {
        const HttpRequest request = fixture_request("http://127.0.0.1:1/"); /* refused at once */
        Fixture fixture;

        fixture_init(&fixture, routes, NULL);
        fixture_start(&fixture, &request);
        assert_int_equal(fixture.n_done, 0);
        assert_int_equal(engine_in_flight(fixture.engine), 1);
        fixture_run(&fixture, 1);
        assert_int_equal(fixture.answer.response.result, HTTP_CONNECT);
        fixture_deinit(&fixture);
}

static void test_more_than_agreed_is_refused(void **state) {
        const EngineOptions options = { .max_in_flight = 2 };
        HttpRequest request = fixture_request("/silent");
        _cleanup_free_ char *url = NULL;
        HttpOrigin *origin;
        Fixture fixture;

        fixture_init(&fixture, routes, &options);
        fixture_start(&fixture, &request);
        fixture_start(&fixture, &request);

        request.url = url = fixture_url(&fixture, "/silent");
        assert_int_equal(engine_origin(fixture.engine, url, &origin, NULL), 0);
        assert_int_equal(engine_start(fixture.engine, origin, &request, on_load_done, NULL), -EBUSY);
        assert_int_equal(engine_in_flight(fixture.engine), 2);
        fixture_deinit(&fixture);
}

static void test_what_is_agreed_can_change_in_the_middle(void **state) {
        const EngineOptions options = { .max_in_flight = 2 };
        HttpRequest request = fixture_request("/ok");
        _cleanup_free_ char *url = NULL;
        HttpOrigin *origin;
        Fixture fixture;

        fixture_init(&fixture, routes, &options);
        request.url = url = fixture_url(&fixture, "/ok");
        fixture_start(&fixture, &request);
        assert_int_equal(engine_reserve(fixture.engine, 300), 0);
        engine_set_max_in_flight(fixture.engine, 300);
        for (int i = 1; i < 300; i++)
                fixture_start(&fixture, &request);

        engine_set_max_in_flight(fixture.engine, 1);
        assert_int_equal(engine_in_flight(fixture.engine), 300);
        assert_int_equal(engine_origin(fixture.engine, url, &origin, NULL), 0);
        assert_int_equal(engine_start(fixture.engine, origin, &request, on_load_done, NULL), -EBUSY);
        http_origin_unref(origin);
        fixture_run(&fixture, 300);
        assert_int_equal(fixture.answer.response.status, 200);
        fixture_exchange(&fixture, &request);
        fixture_deinit(&fixture);
}

static void test_an_engine_can_be_freed_in_the_middle(void **state) {
        const EngineOptions options = { .max_in_flight = 400, .max_idle = 10 };
        _cleanup_(load_freep) Load *load = NULL;
        Fixture fixture;

        fixture_init(&fixture, routes, &options);
        load = load_new(&fixture, "/item/%u", MANY, 300);
        while (load->n_ended < 400)
                assert_int_equal(event_base_loop(fixture.base, EVLOOP_ONCE), 0);

        fixture.engine = engine_free(fixture.engine);
        load->n = load->n_ended;
        event_base_loop(fixture.base, EVLOOP_NONBLOCK);
        assert_int_equal(load->n_ended, load->n);
        fixture_deinit(&fixture);
}

static void test_an_engine_can_be_freed_before_anything_has_happened(void **state) {
        const HttpRequest request = fixture_request("http://localhost:%P/silent");
        Fixture fixture;

        fixture_init(&fixture, routes, NULL);
        fixture_start(&fixture, &request);
        fixture_deinit(&fixture);
        assert_null(engine_free(NULL));
}

static void test_the_first_exchange_towards_a_name_goes_alone(void **state) {
        const HttpRequest request = fixture_request("http://localhost:%P/ok");
        _cleanup_free_ char *url = NULL;
        HttpOrigin *origin;
        Fixture fixture;

        fixture_init(&fixture, routes, NULL);
        url = fixture_url(&fixture, request.url);
        assert_int_equal(engine_origin(fixture.engine, url, &origin, NULL), 0);

        assert_true(http_origin_ready(origin));
        fixture_start(&fixture, &request);
        assert_false(http_origin_ready(origin));
        fixture_run(&fixture, 1);
        assert_int_equal(fixture.answer.response.result, HTTP_ANSWERED);
        assert_true(http_origin_ready(origin));
        fixture_start(&fixture, &request);
        assert_true(http_origin_ready(origin)); /* known by now */
        fixture_run(&fixture, 2);

        http_origin_unref(origin);
        fixture_deinit(&fixture);
}

static void test_a_name_that_cannot_be_found_is_looked_up_again(void **state) {
        /* Its label has 64 letters: refused without asking anybody. */
        const char *url = "http://a123456789b123456789c123456789d123456789e123456789f123456789g123.example/";
        HttpOrigin *origin;
        Fixture fixture;

        fixture_init(&fixture, routes, NULL);
        assert_int_equal(engine_origin(fixture.engine, url, &origin, NULL), 0);
        for (unsigned i = 0; i < 3; i++) {
                assert_true(http_origin_ready(origin));
                assert_int_equal(fixture_get(&fixture, url)->result, HTTP_DNS);
        }

        http_origin_unref(origin);
        fixture_deinit(&fixture);
}

static bool no_memory;

static void *failing_malloc(size_t size) {
        return no_memory ? NULL : malloc(size);
}

static void *failing_realloc(void *memory, size_t size) {
        return no_memory ? NULL : realloc(memory, size);
}

/* Without memory for an event curl gives a multi up: all that was in it ends, and the next one works. */
static void test_a_shard_that_fails_is_built_anew(void **state) {
        const EngineOptions options = { .max_in_flight = 300, .max_idle = 10 };
        _cleanup_(load_freep) Load *load = NULL;
        Fixture fixture;

        fixture_init(&fixture, routes, &options);
        load = load_new(&fixture, "/item/%u", 200, 200);
        no_memory = true;
        while (load->n_ended < load->n)
                event_base_loop(fixture.base, EVLOOP_ONCE);
        no_memory = false;

        for (unsigned i = 0; i < load->n; i++) {
                assert_int_equal(load->exchanges[i].n_done, 1);
                assert_int_equal(load->exchanges[i].result, HTTP_CONNECT);
        }
        assert_int_equal(engine_in_flight(fixture.engine), 0);
        assert_int_equal(fixture_get(&fixture, "/ok")->result, HTTP_ANSWERED);
        fixture_deinit(&fixture);
}

static void test_failures_start_the_next_exchange_as_answers_do(void **state) {
        _cleanup_(load_freep) Load *load = NULL;
        Fixture fixture;

        fixture_init(&fixture, routes, NULL);
        load = load_new(&fixture, "/close?%u", 300, 50);
        load_run(load);
        for (unsigned i = 0; i < load->n; i++)
                assert_int_equal(load->exchanges[i].n_done, 1);
        assert_int_equal(engine_in_flight(fixture.engine), 0);
        fixture_deinit(&fixture);
}

static void test_a_proxy_that_is_none_is_refused(void **state) {
        _cleanup_(egress_freep) Egress *egress = egress_new();
        const EngineOptions options = {
                .max_in_flight = 1, .egress = egress, .proxy = "socks5://127.0.0.1/"
        };
        struct event_base *base = event_base_new();
        Engine *engine = NULL;

        assert_int_equal(engine_new(base, &options, &engine), -EINVAL);
        assert_null(engine);
        event_base_free(base);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(
                        test_a_thousand_exchanges_end_once_each_over_the_connections_of_three_hundred),
                cmocka_unit_test(test_exchanges_one_after_the_other_share_a_connection),
                cmocka_unit_test(test_idle_connections_are_bounded),
                cmocka_unit_test(test_nothing_is_done_from_within_the_start),
                cmocka_unit_test(test_more_than_agreed_is_refused),
                cmocka_unit_test(test_what_is_agreed_can_change_in_the_middle),
                cmocka_unit_test(test_an_engine_can_be_freed_in_the_middle),
                cmocka_unit_test(test_an_engine_can_be_freed_before_anything_has_happened),
                cmocka_unit_test(test_the_first_exchange_towards_a_name_goes_alone),
                cmocka_unit_test(test_a_name_that_cannot_be_found_is_looked_up_again),
                cmocka_unit_test(test_a_shard_that_fails_is_built_anew),
                cmocka_unit_test(test_failures_start_the_next_exchange_as_answers_do),
                cmocka_unit_test(test_a_proxy_that_is_none_is_refused),
        };

        event_set_mem_functions(failing_malloc, failing_realloc, free); /* before anything of libevent */
        signal(SIGPIPE, SIG_IGN);
        alarm(60);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
