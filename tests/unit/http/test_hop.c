/* Where requests may go and how often: redirects, denied addresses, kept connections that died. */

#include "daemon/http/hop.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/http/fixture.h"
#include "tests/unit/unit.h"

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
#define TO(_status, _location)                                                                               \
        "HTTP/1.1 " _status " Elsewhere\r\nLocation: " _location "\r\nContent-Length: 4\r\n\r\nbody"

static const ServerRoute routes[] = {
        { "/ok", OK },
        { "/301", TO("301", "/ok") },
        { "/302", TO("302", "/ok") },
        { "/303", TO("303", "/ok") },
        { "/307", TO("307", "/ok") },
        { "/308", TO("308", "/ok") },
        { "/303-then-307", TO("303", "/307") },
        { "/302-and-close", TO("302", "http://127.0.0.1:%P/ok"), .then = SERVER_CLOSE },
        { "/loop", TO("302", "/loop") },
        { "/hop-1", TO("302", "/hop-2") },
        { "/hop-2", TO("302", "/hop-3") },
        { "/hop-3", TO("302", "/ok") },
        { "/to-localhost", TO("302", "http://localhost:%P/ok") },
        { "/to-ftp", TO("302", "ftp://127.0.0.1/ok") },
        { "/to-file", TO("302", "file:///etc/passwd") },
        { "/to-nonsense", TO("302", "foo://bar") },
        { "/to-no-url", TO("302", "http://[::1/") },
        { "/to-no-host", TO("302", "http://") },
        { "/to-denied", TO("302", "http://127.0.0.2:%P/ok") },
        { "/to-denied-number", TO("302", "http://2130706434:%P/ok") },
        { "/to-denied-hex", TO("302", "http://0x7f.0.0.2:%P/ok") },
        { "/to-denied-mapped", TO("302", "http://[::ffff:127.0.0.2]:%P/ok") },
        { "/to-denied-private", TO("307", "http://10.0.0.1/ok") },
        { "/to-other-protocol", TO("302", "/other-protocol") },
        { "/other-protocol", "SSH-2.0-OpenSSH_9.2p1\r\n" },
        { "/close", .then = SERVER_CLOSE },
        { "/once", OK, .then = SERVER_CLOSE_NEXT },
        { "/302-once", TO("302", "/ok"), .then = SERVER_CLOSE_NEXT },
        { "http://name.example*", OK }, /* asked of a proxy */
        {},
};

static int setup(void **state) {
        Fixture *fixture = malloc(sizeof(*fixture));

        assert_non_null(fixture);
        fixture_init(fixture, routes, NULL);
        *state = fixture;
        return 0;
}

static int teardown(void **state) {
        fixture_deinit(*state);
        free(*state);
        return 0;
}

static void test_redirects_are_followed_as_far_as_allowed(void **state) {
        static const struct {
                const char *path;
                uint32_t redirects;
                HttpResult result;
                int status;
        } cases[] = {
                { "/302", 1, HTTP_ANSWERED, 200 },
                { "/302-and-close", 1, HTTP_ANSWERED, 200 },
                { "/302", 0, HTTP_ANSWERED, 302 },
                { "/hop-1", 3, HTTP_ANSWERED, 200 },
                { "/hop-1", 2, HTTP_REDIRECT, 302 },
                { "/loop", 20, HTTP_REDIRECT, 302 },
                { "/to-localhost", 1, HTTP_ANSWERED, 200 },
                { "/to-ftp", 5, HTTP_REDIRECT, 302 },
                { "/to-file", 5, HTTP_REDIRECT, 302 },
                { "/to-nonsense", 5, HTTP_REDIRECT, 302 },
                { "/to-no-url", 5, HTTP_REDIRECT, 302 },
                { "/to-no-host", 5, HTTP_REDIRECT, 302 },
                { "/to-file", 0, HTTP_ANSWERED, 302 },
                { "/to-other-protocol", 5, HTTP_PROTOCOL, 302 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                HttpRequest request = fixture_request(cases[i].path);
                const HttpResponse *response;

                request.redirects = cases[i].redirects;
                response = fixture_exchange(*state, &request);
                if (response->result != cases[i].result || response->status != cases[i].status)
                        fail_msg("%s, %u: %d with %d, %s", cases[i].path, cases[i].redirects,
                                (int)response->result, response->status, response->error);
                if (response->status == 302 && response->result == HTTP_ANSWERED)
                        assert_memory_equal(response->body, "body", 4);
        }
}

static void test_methods_change_over_redirects_as_browsers_agree(void **state) {
        static const struct {
                const char *method;
                const char *path;
                const char *body;
                const char *line; /* of the request that follows */
                bool with_body;
        } cases[] = {
                { "POST", "/301", "x=1", "GET /ok ", false },
                { "POST", "/302", "x=1", "GET /ok ", false },
                { "POST", "/303", "x=1", "GET /ok ", false },
                { "POST", "/307", "x=1", "POST /ok ", true },
                { "POST", "/308", "x=1", "POST /ok ", true },
                { "PUT", "/301", "x=1", "PUT /ok ", true },
                { "PUT", "/302", "x=1", "PUT /ok ", true },
                { "PUT", "/303", "x=1", "GET /ok ", false },
                { "PUT", "/307", "x=1", "PUT /ok ", true },
                { "PUT", "/303-then-307", "x=1", "GET /ok ", false },
                { "PATCH", "/302", "x=1", "PATCH /ok ", true },
                { "PATCH", "/303", "x=1", "GET /ok ", false },
                { "DELETE", "/302", NULL, "DELETE /ok ", false },
                { "DELETE", "/303", NULL, "GET /ok ", false },
                { "HEAD", "/302", NULL, "HEAD /ok ", false },
                { "HEAD", "/303", NULL, "HEAD /ok ", false },
                { "GET", "/303", NULL, "GET /ok ", false },
        };
        Fixture *fixture = *state;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                HttpRequest request = fixture_request(cases[i].path);
                const char *sent;

                request.method = cases[i].method;
                request.body = cases[i].body;
                request.body_len = cases[i].body ? strlen(cases[i].body) : 0;
                fixture_exchange(fixture, &request);

                sent = server_latest(fixture->server);
                if (strncmp(sent, cases[i].line, strlen(cases[i].line)) != 0)
                        fail_msg("%s %s: %s", cases[i].method, cases[i].path, sent);
                if ((strstr(sent, "\r\n\r\nx=1") != NULL) != cases[i].with_body)
                        fail_msg("%s %s: %s", cases[i].method, cases[i].path, sent);
        }
}

static void test_a_request_with_a_credential_stays_at_its_origin(void **state) {
        static const char *const headers[] = { "X-Api-Key: k", NULL };
        HttpRequest request = fixture_request("/to-localhost");
        Fixture *fixture = *state;
        const HttpResponse *response;

        request.headers = headers;
        request.same_origin = true;
        response = fixture_exchange(fixture, &request);
        assert_int_equal(response->result, HTTP_REDIRECT);
        assert_int_equal(response->status, 302);
        assert_int_equal(server_requests(fixture->server), 1);

        /* Nor over a connection that is already there. */
        fixture_get(fixture, "http://localhost:%P/ok");
        assert_int_equal(fixture_exchange(fixture, &request)->result, HTTP_REDIRECT);
        assert_int_equal(server_requests(fixture->server), 3);

        request.url = "/hop-1";
        assert_int_equal(fixture_exchange(fixture, &request)->status, 200);
}

static void test_redirects_to_denied_addresses_are_not_followed(void **state) {
        static const char *const paths[] = { "/to-denied", "/to-denied-number", "/to-denied-hex",
                "/to-denied-mapped", "/to-denied-private" };
        Fixture *fixture = *state;

        for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
                const HttpResponse *response = fixture_get(fixture, paths[i]);

                if (response->result != HTTP_DENIED_ADDRESS)
                        fail_msg("%s: %d, %s", paths[i], (int)response->result, response->error);
                assert_true(response->sent); /* the first request was */
                assert_int_equal(server_requests(fixture->server), i + 1);
        }
}

static void test_loopback_is_denied_by_default_in_every_spelling(void **state) {
        static const char *const urls[] = {
                "http://127.0.0.1:%P/ok",
                "http://localhost:%P/ok",
                "http://LOCALHOST:%P/ok",
                "http://2130706433:%P/ok",
                "http://0x7f000001:%P/ok",
                "http://017700000001:%P/ok",
                "http://127.1:%P/ok",
                "http://[::1]:%P/ok",
                "http://[::ffff:127.0.0.1]:%P/ok",
                "http://127%2e0%2e0%2e1:%P/ok",
                "https://127.0.0.1:%P/ok",
        };
        _cleanup_(egress_freep) Egress *egress = egress_new();
        const EngineOptions options = { .max_in_flight = 10, .egress = egress };
        Fixture fixture;

        fixture_init(&fixture, routes, &options);
        for (size_t i = 0; i < ELEMENTSOF(urls); i++) {
                _cleanup_free_ char *url = fixture_url(&fixture, urls[i]);
                const HttpResponse *response = fixture_get(&fixture, url);

                if (response->result != HTTP_DENIED_ADDRESS)
                        fail_msg("%s: %d, %s", url, (int)response->result, response->error);
                assert_false(response->sent);
                assert_int_equal(response->status, 0);
        }

        assert_int_equal(server_connections(fixture.server), 0);
        fixture_deinit(&fixture);
}

/* "localhost" is ::1 and 127.0.0.1: that one of them is denied does not keep from the other. */
static void test_one_denied_address_of_several_is_passed_over(void **state) {
        _cleanup_(egress_freep) Egress *egress = egress_new();
        const EngineOptions options = { .max_in_flight = 10, .egress = egress };
        Fixture fixture;

        assert_int_equal(egress_allow(egress, "127.0.0.1", NULL), 0);
        fixture_init(&fixture, routes, &options);
        assert_int_equal(fixture_get(&fixture, "http://localhost:%P/ok")->result, HTTP_ANSWERED);
        assert_int_equal(fixture_get(&fixture, "http://localhost:1/")->result, HTTP_CONNECT); /* refused */
        fixture_deinit(&fixture);
}

static void proxied_init(Fixture *fixture, const Egress *egress) {
        const EngineOptions options = {
                .max_in_flight = 10,
                .max_idle = 10,
                .egress = egress,
                .proxy = "http://127.0.0.1:%P",
        };

        fixture_init(fixture, routes, &options);
}

static void assert_denied(Fixture *fixture, const char *url) {
        const HttpResponse *response = fixture_get(fixture, url);

        if (response->result != HTTP_DENIED_ADDRESS)
                fail_msg("%s: %d, %s", url, (int)response->result, response->error);
        assert_false(response->sent);
}

static void test_a_proxy_does_not_lead_to_denied_addresses(void **state) {
        static const char *const urls[] = {
                "http://10.0.0.1/", "http://127.0.0.1/", "http://[::1]/", "http://2130706433/",
                "https://192.168.0.1/", "http://127%2e1/",
                "http://\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1/", /* "127" in full-width digits */
        };
        _cleanup_(egress_freep) Egress *egress = egress_new(); /* the proxy itself need not be allowed */
        Fixture fixture;

        assert_non_null(setlocale(LC_CTYPE, "C.UTF-8")); /* curl converts names in the locale's encoding */
        proxied_init(&fixture, egress);

        /* The second time there is a kept connection to the proxy. */
        for (unsigned again = 0; again < 2; again++) {
                for (size_t i = 0; i < ELEMENTSOF(urls); i++)
                        assert_denied(&fixture, urls[i]);

                assert_int_equal(fixture_get(&fixture, "http://name.example/")->result, HTTP_ANSWERED);
                assert_int_equal(server_requests(fixture.server), again + 1);
        }
        fixture_deinit(&fixture);
}

static void test_what_is_asked_of_the_proxy_alone_has_no_effect(void **state) {
        _cleanup_(egress_freep) Egress *egress = egress_new();
        const HttpResponse *response;
        Fixture fixture;

        proxied_init(&fixture, egress);
        response = fixture_get(&fixture, "https://name.example/");
        assert_int_equal(server_requests(fixture.server), 1); /* a CONNECT, which is refused */
        assert_int_equal(response->result, HTTP_CONNECT);
        assert_false(response->sent);
        fixture_deinit(&fixture);
}

static void test_the_environments_proxy_is_not_used(void **state) {
        Fixture *fixture = *state;

        setenv("http_proxy", "http://127.0.0.1:1/", 1);
        setenv("ALL_PROXY", "http://127.0.0.1:1/", 1);
        assert_int_equal(fixture_get(fixture, "/ok")->status, 200);
        unsetenv("http_proxy");
        unsetenv("ALL_PROXY");
}

static void test_a_kept_connection_that_died_is_made_good_once_where_that_is_harmless(void **state) {
        static const struct {
                const char *method;
                HttpResult result;
                unsigned requests; /* those that the server saw, the first included */
        } cases[] = {
                { "GET", HTTP_ANSWERED, 3 },
                { "HEAD", HTTP_ANSWERED, 3 },
                { "PUT", HTTP_ANSWERED, 3 },
                { "DELETE", HTTP_ANSWERED, 3 },
                { "OPTIONS", HTTP_ANSWERED, 3 },
                { "POST", HTTP_CONNECT, 2 }, /* a second one could be a second purchase */
                { "PATCH", HTTP_CONNECT, 2 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                HttpRequest request = fixture_request("/ok");
                Fixture fixture;

                fixture_init(&fixture, routes, NULL);
                fixture_get(&fixture, "/once");
                request.method = cases[i].method;
                fixture_exchange(&fixture, &request);

                assert_int_equal(fixture.answer.response.result, cases[i].result);
                assert_true(fixture.answer.response.sent);
                if (server_requests(fixture.server) != cases[i].requests)
                        fail_msg("%s: %u requests", cases[i].method, server_requests(fixture.server));
                fixture_deinit(&fixture);
        }
}

static void test_the_repeat_does_not_go_to_the_next_dead_connection(void **state) {
        const HttpRequest once = fixture_request("/once");
        Fixture *fixture = *state;

        for (unsigned i = 0; i < 5; i++)
                fixture_start(fixture, &once);
        fixture_run(fixture, 5);
        assert_int_equal(server_connections(fixture->server), 5);

        assert_int_equal(fixture_get(fixture, "/ok")->result, HTTP_ANSWERED);
        assert_int_equal(server_requests(fixture->server), 5 + 2);
}

static void test_a_connection_that_died_between_hops_is_made_good(void **state) {
        Fixture *fixture = *state;

        assert_int_equal(fixture_get(fixture, "/302-once")->result, HTTP_ANSWERED);
        assert_int_equal(server_connections(fixture->server), 2);
        assert_int_equal(server_requests(fixture->server), 3);
}

static void test_a_new_connection_that_dies_is_a_failure(void **state) {
        Fixture *fixture = *state;
        const HttpResponse *response;

        fixture_get(fixture, "/once");
        response = fixture_get(fixture, "/close"); /* the repeat gets no answer either */
        assert_int_equal(response->result, HTTP_CONNECT);
        assert_true(response->sent);
        assert_int_equal(server_requests(fixture->server), 3);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(
                        test_redirects_are_followed_as_far_as_allowed, setup, teardown),
                cmocka_unit_test_setup_teardown(
                        test_methods_change_over_redirects_as_browsers_agree, setup, teardown),
                cmocka_unit_test_setup_teardown(
                        test_a_request_with_a_credential_stays_at_its_origin, setup, teardown),
                cmocka_unit_test_setup_teardown(
                        test_redirects_to_denied_addresses_are_not_followed, setup, teardown),
                cmocka_unit_test(test_loopback_is_denied_by_default_in_every_spelling),
                cmocka_unit_test(test_one_denied_address_of_several_is_passed_over),
                cmocka_unit_test(test_a_proxy_does_not_lead_to_denied_addresses),
                cmocka_unit_test(test_what_is_asked_of_the_proxy_alone_has_no_effect),
                cmocka_unit_test_setup_teardown(test_the_environments_proxy_is_not_used, setup, teardown),
                cmocka_unit_test(test_a_kept_connection_that_died_is_made_good_once_where_that_is_harmless),
                cmocka_unit_test_setup_teardown(
                        test_the_repeat_does_not_go_to_the_next_dead_connection, setup, teardown),
                cmocka_unit_test_setup_teardown(
                        test_a_connection_that_died_between_hops_is_made_good, setup, teardown),
                cmocka_unit_test_setup_teardown(
                        test_a_new_connection_that_dies_is_a_failure, setup, teardown),
        };

        signal(SIGPIPE, SIG_IGN);
        alarm(60);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
