/* What becomes of an exchange, whatever the server does: against a server that does all of it. */

#include "daemon/http/transfer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/http/fixture.h"
#include "tests/unit/unit.h"

#define OK "HTTP/1.1 200 OK\r\n"
#define GZIP OK "Content-Encoding: gzip\r\n"
#define GZIP_HEAD "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"
#define LONG_LABEL                                                                                           \
        "a123456789b123456789c123456789d123456789e123456789f123456789g123" /* refused without a query */
#define BYTES(_literal) _literal, sizeof(_literal) - 1

static const ServerRoute routes[] = {
        { "/ok", OK "Content-Length: 5\r\n\r\nhello" },
        { "/ok?a=b", OK "Content-Length: 0\r\n\r\n" },
        { "/head", OK "Content-Length: 5\r\n\r\n" },
        { "/empty", "HTTP/1.1 204 No Content\r\n\r\n" },
        { "/teapot", "HTTP/1.1 418 Teapot\r\nContent-Length: 3\r\n\r\ntea" },
        { "/chunked",
                OK "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nTrailer: x\r\n\r\n" },
        { "/until-close", OK "\r\nhello", .then = SERVER_CLOSE },
        { "/http-1.0", "HTTP/1.0 200 OK\r\n\r\nhello", .then = SERVER_CLOSE },
        { "/bare-newlines", "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello" },
        { "/continue", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nA: b\r\n\r\n" OK
                       "Content-Length: 5\r\n\r\nhello" },
        { "/gzip",
                BYTES(GZIP
                        "Content-Length: 37\r\n\r\n\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xab\x56\xca\x48"
                        "\xcd\xc9\xc9\x57\xb2\x52\x2a\xcf\x2f\xca\x49\x51\xaa\x05\x00\xd1\x41\x09\xd8\x11"
                        "\x00\x00\x00") },
        { "/gzip-broken", BYTES(GZIP "Content-Length: 14\r\n\r\n" GZIP_HEAD "\xff\xff\xff\xff") },
        { "/gzip-bomb", BYTES(GZIP "\r\n" GZIP_HEAD "\x62\x18"), SERVER_REPEAT,
                BYTES("\x05\xa3\x60\x14\x8c\x82\x51\x30\x0a\x46\xc1\x28\x18") }, /* zeros, 160 to a byte */
        { "/gzip-of-nothing", BYTES(GZIP "\r\n" GZIP_HEAD), SERVER_REPEAT, BYTES("\x00\x00\x00\xff\xff") },
        { "/endless", OK "\r\n", .then = SERVER_REPEAT, .again = "0123456789" },
        { "/endless-redirect", "HTTP/1.1 302 Found\r\nLocation: /ok\r\nTransfer-Encoding: chunked\r\n\r\n",
                .then = SERVER_REPEAT, .again = "a\r\n0123456789\r\n" },
        { "/endless-header", OK "X: ", .then = SERVER_REPEAT, .again = "0123456789" },
        { "/endless-headers", OK, .then = SERVER_REPEAT, .again = "X: 0123456789\r\n" },
        { "/endless-continue", "HTTP/1.1 100 Continue\r\n\r\n", .then = SERVER_REPEAT,
                .again = "HTTP/1.1 100 Continue\r\n\r\n" },
        { "/endless-line", "HTTP/1.1 200 ", .then = SERVER_REPEAT, .again = "0123456789" },
        { "/silent" },
        { "/stuck", OK "Content-Length: 5\r\n\r\nhel" },
        { "/close", .then = SERVER_CLOSE },
        { "/close-in-status", "HTTP/1.1 20", .then = SERVER_CLOSE },
        { "/close-in-headers", OK "Content-Le", .then = SERVER_CLOSE },
        { "/close-after-header", OK "Content-Length: 5\r\n", .then = SERVER_CLOSE },
        { "/close-after-continue", "HTTP/1.1 100 Continue\r\n\r\n", .then = SERVER_CLOSE },
        { "/close-in-body", OK "Content-Length: 5\r\n\r\nhel", .then = SERVER_CLOSE },
        { "/close-in-chunks", OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", .then = SERVER_CLOSE },
        { "/other-protocol", "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n" },
        { "/http-9", "HTTP/9.1 200 OK\r\nContent-Length: 0\r\n\r\n" },
        { "/no-status", "HTTP/1.1 abc\r\nContent-Length: 0\r\n\r\n" },
        { "/status-0", "HTTP/1.1 000 Zero\r\nContent-Length: 0\r\n\r\n" },
        { "/bad-chunk", OK "Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n" },
        { "/bad-length", OK "Content-Length: five\r\n\r\nhello" },
        { "/nul-in-header", BYTES(OK "X: a\0b\r\nContent-Length: 0\r\n\r\n") },
        { "/switch", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n" },
        { "/later", "HTTP/1.1 429 Too Many\r\nRetry-After: 120 \r\nContent-Length: 0\r\n\r\n" },
        { "/limits", "HTTP/1.1 200 OK\r\nratelimit: \"a\";r=0;t=9\r\nX-RateLimit-Remaining: 1\r\n"
                     "x-ratelimit-reset: 2\r\nRateLimit-Reset: 3\r\nContent-Length: 0\r\n\r\n" },
        { "/later-twice",
                "HTTP/1.1 302 Found\r\nRetry-After: 1\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n" },
        {},
};

static int setup(void **state) {
        Fixture *fixture = malloc(sizeof(*fixture));

        assert_non_null(fixture);
        fixture_init(fixture, routes, &(EngineOptions) { .max_in_flight = 10, .user_agent = "tester/1" });
        *state = fixture;
        return 0;
}

static int teardown(void **state) {
        fixture_deinit(*state);
        free(*state);
        return 0;
}

static void test_a_whole_answer_is_handed_over(void **state) {
        static const struct {
                const char *path;
                int status;
                const char *body;
        } cases[] = {
                { "/ok", 200, "hello" },
                { "/empty", 204, "" },
                { "/teapot", 418, "tea" },
                { "/missing", 404, "" },
                { "/chunked", 200, "hello" },
                { "/until-close", 200, "hello" },
                { "/http-1.0", 200, "hello" },
                { "/bare-newlines", 200, "hello" },
                { "/continue", 200, "hello" },
                { "/gzip", 200, "{\"hello\":\"world\"}" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const HttpResponse *response = fixture_get(*state, cases[i].path);

                if (response->result != HTTP_ANSWERED)
                        fail_msg("%s: %d, %s", cases[i].path, (int)response->result, response->error);
                assert_null(response->error);
                assert_true(response->sent);
                assert_int_equal(response->status, cases[i].status);
                assert_int_equal(response->body_len, strlen(cases[i].body));
                assert_int_equal(response->bytes, response->body_len);
                if (response->body_len > 0)
                        assert_memory_equal(response->body, cases[i].body, response->body_len);
                else
                        assert_null(response->body);
        }
}

static void test_each_fault_has_its_result(void **state) {
        static const struct {
                const char *url;
                HttpResult result;
                int status;
                bool sent;
        } cases[] = {
                { "/close", HTTP_CONNECT, 0, true },
                { "/close-in-status", HTTP_CONNECT, 0, true },
                { "/close-in-headers", HTTP_CONNECT, 200, true },
                { "/close-after-header", HTTP_CONNECT, 200, true },
                { "/close-after-continue", HTTP_CONNECT, 100, true },
                { "/close-in-body", HTTP_CONNECT, 200, true },
                { "/close-in-chunks", HTTP_CONNECT, 200, true },
                { "/other-protocol", HTTP_PROTOCOL, 0, true },
                { "/http-9", HTTP_PROTOCOL, 0, true },
                { "/no-status", HTTP_PROTOCOL, 0, true },
                { "/status-0", HTTP_PROTOCOL, 0, true },
                { "/bad-chunk", HTTP_PROTOCOL, 200, true },
                { "/bad-length", HTTP_PROTOCOL, 200, true },
                { "/nul-in-header", HTTP_PROTOCOL, 200, true },
                { "/switch", HTTP_PROTOCOL, 101, true },
                { "/endless-header", HTTP_PROTOCOL, 200, true },
                { "/endless-headers", HTTP_PROTOCOL, 200, true },
                { "/endless-line", HTTP_PROTOCOL, 0, true },
                { "/endless-continue", HTTP_PROTOCOL, 100, true },
                { "/gzip-broken", HTTP_BAD_ENCODING, 200, true },
                { "/endless", HTTP_TOO_LARGE, 200, true },
                { "/endless-redirect", HTTP_TOO_LARGE, 0, true },
                { "/gzip-bomb", HTTP_TOO_LARGE, 200, true },
                { "/gzip-of-nothing", HTTP_TOO_LARGE, 200, true },
                { "http://" LONG_LABEL ".example/", HTTP_DNS, 0, false },
                { "https://127.0.0.1:%P/", HTTP_CONNECT, 0, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const HttpResponse *response = fixture_get(*state, cases[i].url);

                if (response->result != cases[i].result || response->status != cases[i].status)
                        fail_msg("%s: %d with %d, %s", cases[i].url, (int)response->result, response->status,
                                response->error);
                assert_int_equal(response->sent, cases[i].sent);
                assert_non_null(response->error);
                assert_null(strpbrk(response->error, "\r\n"));
        }
}

static void test_a_plain_answer_to_a_tls_hello_is_a_tls_failure(void **state) {
        Fixture *fixture = *state;
        const HttpResponse *response;

        server_answer_tls(fixture->server, "HTTP/1.1 400 Bad Request\r\n\r\n");
        response = fixture_get(fixture, "https://127.0.0.1:%P/");
        assert_int_equal(response->result, HTTP_TLS);
        assert_false(response->sent);
}

static void test_a_refused_connection_sends_nothing(void **state) {
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t len = sizeof(address);
        const HttpResponse *response;
        int fd = socket(AF_INET, SOCK_STREAM, 0); /* bound and not listening: nobody else's port */
        char url[64];

        assert_true(fd >= 0);
        assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
        snprintf(url, sizeof(url), "http://127.0.0.1:%u/", ntohs(address.sin_port));

        response = fixture_get(*state, url);
        assert_int_equal(response->result, HTTP_CONNECT);
        assert_false(response->sent);
        assert_int_equal(response->status, 0);
        close(fd);
}

static void test_the_time_limit_covers_every_phase(void **state) {
        static const struct {
                const char *path;
                int status;
        } cases[] = { { "/silent", 0 }, { "/stuck", 200 } };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                HttpRequest request = fixture_request(cases[i].path);
                const HttpResponse *response;

                request.timeout_us = 30000;
                response = fixture_exchange(*state, &request);
                assert_int_equal(response->result, HTTP_TIMEOUT);
                assert_int_equal(response->status, cases[i].status);
                assert_true(response->sent);
                assert_true(response->total_us >= 30000);
        }
}

static void test_a_body_is_kept_up_to_its_bound(void **state) {
        static const struct {
                const char *path;
                size_t max_bytes;
                HttpResult result;
                size_t kept;
        } cases[] = {
                { "/ok", 5, HTTP_ANSWERED, 5 },
                { "/ok", 4, HTTP_TOO_LARGE, 4 },
                { "/ok", 0, HTTP_TOO_LARGE, 0 },
                { "/empty", 0, HTTP_ANSWERED, 0 },
                { "/chunked", 4, HTTP_TOO_LARGE, 4 },
                { "/endless", 100000, HTTP_TOO_LARGE, 100000 },
                { "/gzip-bomb", 100000, HTTP_TOO_LARGE, 100000 },
                { "/gzip-of-nothing", 100000, HTTP_TOO_LARGE, 0 },
                { "/endless-redirect", 100000, HTTP_TOO_LARGE, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                HttpRequest request = fixture_request(cases[i].path);
                const HttpResponse *response;

                request.max_bytes = cases[i].max_bytes;
                response = fixture_exchange(*state, &request);
                assert_int_equal(response->result, cases[i].result);
                assert_int_equal(response->body_len, cases[i].kept);
                assert_true(response->bytes >= response->body_len);
                assert_true(response->bytes < response->body_len + 65536); /* no bomb goes on exploding */
        }
}

static void test_retry_after_is_that_of_the_answer(void **state) {
        HttpRequest request = fixture_request("/later-twice");
        const HttpResponse *response = fixture_get(*state, "/later");

        assert_int_equal(response->status, 429);
        assert_string_equal(response->retry_after, "120");

        response = fixture_get(*state, "/later-twice");
        assert_int_equal(response->status, 200);
        assert_null(response->retry_after);

        request.redirects = 0;
        response = fixture_exchange(*state, &request);
        assert_string_equal(response->retry_after, "1");
}

static void test_a_request_looks_as_it_was_asked_for(void **state) {
        static const char *const plain[] = { "X-One: 1", "Accept: text/x", NULL };
        static const char *const typed[] = { "Content-Type: application/json", NULL };
        static const struct {
                HttpRequest request;
                const char *line;
                const char *end;    /* of all that was sent */
                const char *has[4]; /* headers, as parts of the text */
                const char *lacks[3];
        } cases[] = {
                { { .method = "GET", .headers = plain }, "GET /ok?a=b HTTP/1.1\r\n", "\r\n\r\n",
                        { "User-Agent: tester/1\r\n", "X-One: 1\r\n", "Accept: text/x\r\n", "gzip" },
                        { "Content-Length", "Cookie", "Accept: */*" } },
                { { .method = "POST", .headers = typed, .body = "{}", .body_len = 2 },
                        "POST /ok?a=b HTTP/1.1\r\n", "\r\n\r\n{}",
                        { "Content-Type: application/json\r\n", "Content-Length: 2\r\n" },
                        { "Expect", "form" } },
                { { .method = "POST", .body = "k=v", .body_len = 3 }, "POST /", "\r\n\r\nk=v",
                        { "Content-Type: application/x-www-form-urlencoded\r\n" }, { "Expect" } },
                { { .method = "POST" }, "POST /", "\r\n\r\n", { "Content-Length: 0\r\n" },
                        { "Content-Type" } },
                { { .method = "PUT", .body = "a\0b", .body_len = 3 }, "PUT /", "\r\n\r\na",
                        { "Content-Length: 3\r\n" }, {} },
                { { .method = "PUT" }, "PUT /", "\r\n\r\n", { "Content-Length: 0\r\n" }, { "Content-Type" } },
                { { .method = "PATCH", .body = "x", .body_len = 1 }, "PATCH /", "\r\n\r\nx", {}, {} },
                { { .method = "DELETE" }, "DELETE /", "\r\n\r\n", {}, { "Content-Length" } },
                { { .method = "DELETE", .body = "x", .body_len = 1 }, "DELETE /", "\r\n\r\nx", {}, {} },
                { { .method = "GET", .body = "x", .body_len = 1 }, "GET /", "\r\n\r\nx", {}, {} },
                { { .method = "OPTIONS" }, "OPTIONS /", "\r\n\r\n", {}, { "Content-Length" } },
                { { .method = "GET" }, "GET /", "\r\n\r\n", { "Accept: */*" }, { "X-One", "Content-" } },
        };
        Fixture *fixture = *state;

        /* One pooled handle carries out all of them in turn: nothing of one may show in the next. */
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                HttpRequest request = cases[i].request;
                const char *sent;

                request.url = "/ok?a=b";
                request.timeout_us = 10000000;
                request.max_bytes = 100;
                assert_int_equal(fixture_exchange(fixture, &request)->status, 200);

                sent = server_latest(fixture->server);
                if (strncmp(sent, cases[i].line, strlen(cases[i].line)) != 0 || !strstr(sent, cases[i].end))
                        fail_msg("case %zu: %s", i, sent);
                for (size_t j = 0; j < ELEMENTSOF(cases[i].has) && cases[i].has[j]; j++)
                        if (!strstr(sent, cases[i].has[j]))
                                fail_msg("case %zu lacks %s: %s", i, cases[i].has[j], sent);
                for (size_t j = 0; j < ELEMENTSOF(cases[i].lacks) && cases[i].lacks[j]; j++)
                        if (strstr(sent, cases[i].lacks[j]))
                                fail_msg("case %zu has %s: %s", i, cases[i].lacks[j], sent);
        }
}

static void test_a_head_has_no_body(void **state) {
        Fixture *fixture = *state;
        HttpRequest request = fixture_request("/head");
        const HttpResponse *response;

        request.method = "HEAD";
        response = fixture_exchange(fixture, &request);
        assert_int_equal(response->result, HTTP_ANSWERED);
        assert_int_equal(response->body_len, 0);
        assert_int_equal(strncmp(server_latest(fixture->server), "HEAD /head", 10), 0);

        fixture_get(fixture, "/ok");
        assert_int_equal(server_connections(fixture->server), 1);
}

static void test_a_large_body_is_sent_at_once(void **state) {
        static char body[2 << 20];
        Fixture *fixture = *state;
        HttpRequest request = fixture_request("/ok");
        const HttpResponse *response;

        memset(body, 'x', sizeof(body));
        request.method = "POST";
        request.body = body;
        request.body_len = sizeof(body);
        response = fixture_exchange(fixture, &request);
        assert_int_equal(response->result, HTTP_ANSWERED);
        assert_null(strstr(server_latest(fixture->server), "Expect:"));
}

static void test_a_url_may_be_long(void **state) {
        static char url[20000] = "/ok?";
        Fixture *fixture = *state;

        memset(url + 4, 'x', sizeof(url) - 5);
        assert_int_equal(fixture_get(fixture, url)->status, 404);
        assert_non_null(strstr(server_latest(fixture->server), url));
}

static void test_what_is_said_of_rate_limits_is_handed_over(void **state) {
        const HttpResponse *response = fixture_get(*state, "/limits");

        assert_string_equal(response->rate_limit, "\"a\";r=0;t=9");
        assert_string_equal(response->rate_remaining, "1");
        assert_string_equal(response->rate_reset, "3"); /* the newer name */

        response = fixture_get(*state, "/ok");
        assert_null(response->rate_limit);
        assert_null(response->rate_remaining);
        assert_null(response->rate_reset);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_a_whole_answer_is_handed_over, setup, teardown),
                cmocka_unit_test_setup_teardown(test_each_fault_has_its_result, setup, teardown),
                cmocka_unit_test_setup_teardown(
                        test_a_plain_answer_to_a_tls_hello_is_a_tls_failure, setup, teardown),
                cmocka_unit_test_setup_teardown(test_a_refused_connection_sends_nothing, setup, teardown),
                cmocka_unit_test_setup_teardown(test_the_time_limit_covers_every_phase, setup, teardown),
                cmocka_unit_test_setup_teardown(test_a_body_is_kept_up_to_its_bound, setup, teardown),
                cmocka_unit_test_setup_teardown(test_retry_after_is_that_of_the_answer, setup, teardown),
                cmocka_unit_test_setup_teardown(
                        test_what_is_said_of_rate_limits_is_handed_over, setup, teardown),
                cmocka_unit_test_setup_teardown(test_a_request_looks_as_it_was_asked_for, setup, teardown),
                cmocka_unit_test_setup_teardown(test_a_head_has_no_body, setup, teardown),
                cmocka_unit_test_setup_teardown(test_a_large_body_is_sent_at_once, setup, teardown),
                cmocka_unit_test_setup_teardown(test_a_url_may_be_long, setup, teardown),
        };

        signal(SIGPIPE, SIG_IGN);
        alarm(60); /* a loop that waits for what never comes */
        return cmocka_run_group_tests(tests, NULL, NULL);
}
