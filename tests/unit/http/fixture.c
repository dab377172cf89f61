/* An engine and a scripted server on one event base. */

#include "tests/unit/http/fixture.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/unit.h"

void fixture_init(Fixture *fixture, const ServerRoute *routes, const EngineOptions *options) {
        EngineOptions used = options ? *options : (EngineOptions) { .max_in_flight = 100, .max_idle = 100 };
        _cleanup_free_ char *proxy = NULL;

        *fixture = (Fixture) { .base = event_base_new(), .egress = egress_new() };
        assert_non_null(fixture->base);
        assert_non_null(fixture->egress);
        assert_int_equal(event_base_priority_init(fixture->base, 2), 0);
        assert_int_equal(egress_allow(fixture->egress, "127.0.0.1", NULL), 0);
        assert_int_equal(egress_allow(fixture->egress, "::1", NULL), 0);

        fixture->server = server_new(fixture->base, routes);
        used.proxy = proxy = used.proxy ? fixture_url(fixture, used.proxy) : NULL;
        if (!used.egress)
                used.egress = fixture->egress;
        assert_int_equal(engine_new(fixture->base, &used, &fixture->engine), 0);
}

void fixture_deinit(Fixture *fixture) {
        engine_free(fixture->engine);
        server_free(fixture->server);
        egress_free(fixture->egress);
        event_base_free(fixture->base);
        free(fixture->answer.body);
}

/* Lets @text point to a copy in @to. */
static void keep_text(const char **text, char *to, size_t size) {
        if (!*text)
                return;

        assert_true(strlen(*text) < size);
        snprintf(to, size, "%s", *text);
        *text = to;
}

static void on_done(const HttpResponse *response, void *userdata) {
        Fixture *fixture = userdata;
        Answer *answer = &fixture->answer;

        free(answer->body);
        answer->response = *response;
        answer->body = http_response_take_body(response);
        answer->response.body = answer->body;
        keep_text(&answer->response.error, answer->error, sizeof(answer->error));
        keep_text(&answer->response.retry_after, answer->retry_after, sizeof(answer->retry_after));
        keep_text(&answer->response.rate_limit, answer->rate_limit, sizeof(answer->rate_limit));
        keep_text(&answer->response.rate_remaining, answer->rate_remaining, sizeof(answer->rate_remaining));
        keep_text(&answer->response.rate_reset, answer->rate_reset, sizeof(answer->rate_reset));
        fixture->n_done++;
}

char *fixture_url(const Fixture *fixture, const char *url) {
        const char *mark = strstr(url, "%P");
        unsigned port = server_port(fixture->server);
        char *text;

        if (url[0] == '/')
                assert_true(asprintf(&text, "http://127.0.0.1:%u%s", port, url) > 0);
        else if (mark)
                assert_true(asprintf(&text, "%.*s%u%s", (int)(mark - url), url, port, mark + 2) > 0);
        else
                text = strdup(url);

        assert_non_null(text);
        return text;
}

void fixture_start(Fixture *fixture, const HttpRequest *request) {
        _cleanup_free_ char *url = fixture_url(fixture, request->url);
        HttpRequest spelled = *request;
        HttpOrigin *origin;

        spelled.url = url;
        assert_int_equal(engine_origin(fixture->engine, url, &origin, NULL), 0);
        assert_int_equal(engine_start(fixture->engine, origin, &spelled, on_done, fixture), 0);
        http_origin_unref(origin); /* the exchange goes on holding it */
}

void fixture_run(Fixture *fixture, unsigned n) {
        while (fixture->n_done < n)
                assert_int_equal(event_base_loop(fixture->base, EVLOOP_ONCE), 0);
}

const HttpResponse *fixture_exchange(Fixture *fixture, const HttpRequest *request) {
        unsigned n = fixture->n_done + 1;

        fixture_start(fixture, request);
        fixture_run(fixture, n);
        return &fixture->answer.response;
}

HttpRequest fixture_request(const char *url) {
        return (HttpRequest) {
                .method = "GET",
                .url = url,
                .timeout_us = 10000000,
                .redirects = 5,
                .max_bytes = 1 << 20,
        };
}

const HttpResponse *fixture_get(Fixture *fixture, const char *url) {
        HttpRequest request = fixture_request(url);

        return fixture_exchange(fixture, &request);
}
