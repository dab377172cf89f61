/* When an origin may be asked: what its answers bring about, who is told, and what is remembered of it. */

#include "daemon/http/http_origin.h"

#include <stdio.h>

#include "common/timeutil.h"
#include "daemon/http/origin.h"
#include "tests/unit/unit.h"

typedef struct Listener Listener;

struct Listener {
        HttpOriginWatch watch;
        unsigned n; /* calls */
};

static void on_changed(HttpOriginWatch *watch) {
        ((Listener *)watch)->n++;
}

static int setup(void **state) {
        OriginTable *table = malloc(sizeof(*table));

        assert_non_null(table);
        assert_int_equal(origin_table_init(table, NULL), 0);
        *state = table;
        return 0;
}

static int teardown(void **state) {
        origin_table_deinit(*state);
        free(*state);
        return 0;
}

static HttpOrigin *find(OriginTable *table, const char *url) {
        HttpOrigin *origin;

        assert_int_equal(origin_table_find(table, url, &origin, NULL), 0);
        return origin;
}

static BreakerTurn answer(HttpOrigin *origin, const HttpResponse *response) {
        uint64_t now_us = time_now_us();

        return http_origin_end(origin, http_origin_begin(origin, false, now_us), response, true, now_us, 0);
}

static HttpOriginReady check(const HttpOrigin *origin) {
        uint64_t wait_us;

        return http_origin_check(origin, false, 0, time_now_us(), &wait_us);
}

static void test_what_counts_as_a_failure_of_the_origin(void **state) {
        static const struct {
                HttpResponse response;
                bool failure;
        } cases[] = {
                { { .result = HTTP_ANSWERED, .status = 200 }, false },
                { { .result = HTTP_ANSWERED, .status = 404 }, false },
                { { .result = HTTP_ANSWERED, .status = 403 }, false },
                { { .result = HTTP_ANSWERED, .status = 429 }, true },
                { { .result = HTTP_ANSWERED, .status = 500 }, true },
                { { .result = HTTP_ANSWERED, .status = 503 }, true },
                { { .result = HTTP_TOO_LARGE, .status = 200 }, false },
                { { .result = HTTP_TOO_LARGE, .status = 502 }, true },
                { { .result = HTTP_TIMEOUT }, true },
                { { .result = HTTP_TIMEOUT, .status = 200 }, true },
                { { .result = HTTP_CONNECT }, true },
                { { .result = HTTP_DNS }, true },
                { { .result = HTTP_TLS }, true },
                { { .result = HTTP_REDIRECT, .status = 302 }, false },
                { { .result = HTTP_DENIED_ADDRESS }, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char url[64];
                HttpOrigin *origin;

                snprintf(url, sizeof(url), "http://127.0.0.1:%zu/", i + 1);
                origin = find(*state, url);
                for (unsigned n = 0; n < BREAKER_ANSWERS_MIN; n++)
                        answer(origin, &cases[i].response);
                if ((check(origin) == HTTP_ORIGIN_CLOSED) != cases[i].failure)
                        fail_msg("case %zu", i);
        }
}

static void test_a_status_that_nobody_retries_asks_for_nothing(void **state) {
        HttpResponse later = { .result = HTTP_ANSWERED, .status = 404, .retry_after = "60" };
        HttpOrigin *origin = find(*state, "http://127.0.0.1/");
        uint64_t now_us = time_now_us();

        http_origin_end(origin, http_origin_begin(origin, false, now_us), &later, false, now_us, 0);
        assert_int_equal(check(origin), HTTP_ORIGIN_READY);
        http_origin_end(origin, http_origin_begin(origin, false, now_us), &later, true, now_us, 0);
        assert_int_equal(check(origin), HTTP_ORIGIN_CLOSED);
}

static void test_those_who_watch_are_told_of_answers_and_lookups(void **state) {
        HttpResponse ok = { .result = HTTP_ANSWERED, .status = 200 };
        HttpOrigin *origin = find(*state, "http://example.com/");
        Listener one = { { .changed = on_changed } }, two = { { .changed = on_changed } };

        http_origin_watch(origin, &one.watch);
        http_origin_watch(origin, &two.watch);
        assert_ptr_equal(http_origin_next_watch(origin, &one.watch), &two.watch);
        assert_true(origin_begin_lookup(origin, 1000));
        assert_int_equal(check(origin), HTTP_ORIGIN_CLOSED);
        origin_end_lookup(origin, 2000);
        assert_int_equal(one.n, 1);
        answer(origin, &ok);
        assert_int_equal(one.n, 2);
        http_origin_unwatch(origin, &one.watch);
        answer(origin, &ok);
        assert_int_equal(one.n, 2);
        assert_int_equal(two.n, 3);
        http_origin_unwatch(origin, &two.watch);
}

static void test_lookups_of_others_make_an_unknown_name_wait(void **state) {
        char url[64];

        for (unsigned i = 0; i < ORIGIN_LOOKUPS_MAX; i++) {
                snprintf(url, sizeof(url), "http://host%u.example/", i);
                assert_true(origin_begin_lookup(find(*state, url), 1000));
        }
        assert_int_equal(check(find(*state, "http://new.example/")), HTTP_ORIGIN_CROWDED);
        assert_int_equal(check(find(*state, "http://host1.example/")), HTTP_ORIGIN_CLOSED);
        assert_int_equal(check(find(*state, "http://127.0.0.1/")), HTTP_ORIGIN_READY);
}

static void test_an_origin_to_be_left_alone_is_remembered_while_nobody_holds_it(void **state) {
        HttpResponse later = { .result = HTTP_ANSWERED, .status = 429, .retry_after = "600" };
        OriginTable *table = *state;
        HttpOrigin *origin = find(table, "http://later.example/");
        char url[64];

        answer(origin, &later);
        http_origin_unref(origin);
        for (unsigned i = 0; i < 3 * ORIGIN_UNHELD_MAX; i++) {
                snprintf(url, sizeof(url), "http://host%u.example/", i);
                http_origin_unref(find(table, url));
        }
        assert_int_equal(table->n_unheld, ORIGIN_UNHELD_MAX);
        assert_int_equal(table->n_closed, 1);

        origin = find(table, "http://later.example/");
        assert_int_equal(check(origin), HTTP_ORIGIN_CLOSED);
        assert_int_equal(table->n_closed, 0);
}

static void test_a_hundred_thousand_of_them_are_bounded(void **state) {
        HttpResponse later = { .result = HTTP_ANSWERED, .status = 429, .retry_after = "600" };
        OriginTable *table = *state;
        HttpOrigin *origin;
        char url[64];

        for (unsigned i = 0; i < 100000; i++) {
                snprintf(url, sizeof(url), "http://host%u.example/", i);
                origin = find(table, url);
                answer(origin, &later);
                http_origin_unref(origin);
        }
        assert_int_equal(table->n_closed, ORIGIN_CLOSED_MAX);
        assert_int_equal(check(find(table, "http://host99999.example/")), HTTP_ORIGIN_CLOSED);
        assert_int_equal(check(find(table, "http://host0.example/")), HTTP_ORIGIN_READY); /* forgotten */
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_what_counts_as_a_failure_of_the_origin, setup, teardown),
                cmocka_unit_test_setup_teardown(
                        test_a_status_that_nobody_retries_asks_for_nothing, setup, teardown),
                cmocka_unit_test_setup_teardown(
                        test_those_who_watch_are_told_of_answers_and_lookups, setup, teardown),
                cmocka_unit_test_setup_teardown(
                        test_lookups_of_others_make_an_unknown_name_wait, setup, teardown),
                cmocka_unit_test_setup_teardown(
                        test_an_origin_to_be_left_alone_is_remembered_while_nobody_holds_it, setup, teardown),
                cmocka_unit_test_setup_teardown(test_a_hundred_thousand_of_them_are_bounded, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
