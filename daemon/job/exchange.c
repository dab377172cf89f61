/* One attempt of one document. */

#include "daemon/job/exchange.h"

#include <errno.h>
#include <string.h>

#include "common/error.h"
#include "common/fault.h"
#include "common/timeutil.h"
#include "common/utf8.h"
#include "daemon/http/idempotency_key.h"
#include "daemon/policy/judge.h"
#include "daemon/store/json_bson.h"

#define PARSE_INLINE_MAX (64u * 1024)

/*
 * From the begin of an attempt to its outcome. As a work item it parses; then it touches only `outcome` and
 * what is beside it.
 */
struct Exchange {
        Work work;
        Workers *workers;
        Document *document;
        const JobSpec *spec;
        exchange_answered_fn answered;
        exchange_done_fn done;
        ResultParse parse;
        bool want_bson;
        Outcome *outcome;
        RetryCase attempt;
};

/* Why a transfer failed, as it is stored. */
static const FailureReason transport_reasons[] = {
        [HTTP_ANSWERED] = REASON_NONE,
        [HTTP_TOO_LARGE] = REASON_TOO_LARGE,
        [HTTP_BAD_ENCODING] = REASON_BAD_BODY,
        [HTTP_TIMEOUT] = REASON_TIMEOUT,
        [HTTP_CONNECT] = REASON_CONNECT,
        [HTTP_DNS] = REASON_DNS,
        [HTTP_TLS] = REASON_TLS,
        [HTTP_PROTOCOL] = REASON_PROTOCOL,
        [HTTP_REDIRECT] = REASON_REDIRECT,
        [HTTP_DENIED_ADDRESS] = REASON_DENIED_ADDRESS,
        [HTTP_BAD_URL] = REASON_BAD_URL,
};

static Outcome *new_outcome(const Document *document) {
        Outcome *outcome = outcome_new();
        bson_iter_t id;

        if (!outcome)
                return NULL;

        bson_value_copy(document_key(document, &id), &outcome->key);
        outcome->attempts = document->attempts;
        outcome->n = document->n;
        outcome->at_ms = time_wall_ms();
        return outcome;
}

static void fail(Outcome *outcome, FailureReason reason, const char *error) {
        outcome->state = OUTCOME_FAILED;
        outcome->reason = reason;
        if (error && *error && !outcome->error)
                outcome->error = strdup(error);
}

static int unsendable(
        const Document *document, FailureReason reason, UserError *error, Outcome **ret_failed) {
        Outcome *outcome = new_outcome(document);

        if (!outcome)
                return error_trace(-ENOMEM);

        fail(outcome, reason, error->message);
        *ret_failed = outcome;
        return EXCHANGE_E_UNSENDABLE;
}

int exchange_prepare(
        Document *document, const JobSpec *spec, const Services *services, Outcome **ret_failed) {
        _cleanup_(user_error_deinit) UserError error = {};
        int r;

        if (document->origin)
                return 0;

        /* They are there already where memory ran out the last time. */
        r = document->texts.url
                    ? 0
                    : request_template_expand(spec->templates, document->bson, &document->texts, &error);
        if (r == TEMPLATE_E_UNUSABLE)
                return unsendable(document, REASON_TEMPLATE, &error, ret_failed);
        if (r)
                return error_trace(r);

        r = engine_origin(services->engine, document->texts.url, &document->origin, &error);
        if (r == ENGINE_E_BAD_URL)
                return unsendable(document, REASON_BAD_URL, &error, ret_failed);

        return error_trace(r);
}

/* The failed outcome keeps the beginning of what came: it often says why. */
static void keep_beginning(Outcome *outcome, const char *body, size_t len) {
        size_t keep = len < OUTCOME_BODY_MAX ? len : OUTCOME_BODY_MAX;

        if (!keep || outcome->body)
                return;

        outcome->body = malloc(keep);
        if (!outcome->body)
                return;
        memcpy(outcome->body, body, keep);
        outcome->body_len = keep;
}

static void drop_value(Outcome *outcome) {
        outcome->value_form = OUTCOME_VALUE_NONE;
        outcome->value = (free(outcome->value), NULL);
        outcome->value_len = 0;
}

static void bad_body(Outcome *outcome, const char *error) {
        fail(outcome, REASON_BAD_BODY, error);
        keep_beginning(outcome, outcome->value, outcome->value_len);
        drop_value(outcome);
}

static void skip_bom(Outcome *outcome, size_t skip) {
        if (skip)
                memmove(outcome->value, outcome->value + skip, outcome->value_len - skip);
        outcome->value_len -= skip;
}

static void take_json(Outcome *outcome, JsonBody *body) {
        outcome->value_form = OUTCOME_VALUE_JSON;
        outcome->value_bson = TAKE_PTR(body->bson);

        if (body->rewritten) {
                free(outcome->value);
                outcome->value = TAKE_PTR(body->rewritten);
                outcome->value_len = body->rewritten_len;
        } else
                skip_bom(outcome, body->skip);
}

static void parse_json(Outcome *outcome, bool want_bson) {
        _cleanup_(json_body_deinit) JsonBody body = {};
        char error[160] = "";

        switch (json_body_parse(outcome->value ? outcome->value : "", outcome->value_len, want_bson, &body,
                error, sizeof(error))) {
        case 0:
                take_json(outcome, &body);
                break;
        case JSON_BODY_E_RAW:
                skip_bom(outcome, body.skip);
                outcome->value_form = OUTCOME_VALUE_TEXT;
                outcome->raw = true;
                break;
        default:
                bad_body(outcome, error);
        }
}

static void parse_text(Outcome *outcome) {
        if (!outcome->value)
                outcome->value = strdup(""); /* an empty text is one; without it null would be stored */
        if (utf8_valid(outcome->value ? outcome->value : "", outcome->value_len))
                outcome->value_form = OUTCOME_VALUE_TEXT;
        else
                bad_body(outcome, "the body is not UTF-8 text");
}

static void parse(Work *work) {
        Exchange *exchange = (Exchange *)work;

        if (exchange->parse == RESULT_PARSE_JSON)
                parse_json(exchange->outcome, exchange->want_bson);
        else
                parse_text(exchange->outcome);
}

Exchange *exchange_free(Exchange *exchange) {
        if (!exchange)
                return NULL;

        outcome_free(exchange->outcome);
        free(exchange);
        return NULL;
}

static void finish(Work *work) {
        Exchange *exchange = (Exchange *)work;
        Outcome *outcome = TAKE_PTR(exchange->outcome);

        exchange->document->exchange = NULL;
        exchange->attempt.reason = outcome->reason;
        exchange->done(exchange->document, outcome, &exchange->attempt);
        exchange_free(exchange);
}

static void fill_measures(Outcome *outcome, const HttpResponse *response) {
        outcome->status = response->status;
        outcome->bytes = response->bytes;
        outcome->timing = (OutcomeTiming) {
                .dns_us = response->dns_us,
                .connect_us = response->connect_us,
                .tls_us = response->tls_us,
                .wait_us = response->wait_us,
                .total_us = response->total_us,
        };
}

/* RFC 9110: 204 and 205 have no body (sections 15.3.5 and 15.3.6), and neither has an answer to HEAD. */
static bool is_bodyless(const JobSpec *spec, int status) {
        return status == 204 || status == 205 || strcmp(job_spec_methods[spec->request.method], "HEAD") == 0;
}

static void judge_and_parse(Exchange *exchange, const HttpResponse *response) {
        Outcome *outcome = exchange->outcome;
        FailureReason reason = judge_answer(
                &exchange->spec->expected, transport_reasons[response->result], response->status);

        if (reason != REASON_NONE) {
                fail(outcome, reason, response->error);
                keep_beginning(outcome, response->body, response->body_len);
        } else if (is_bodyless(exchange->spec, response->status))
                outcome->value_form = OUTCOME_VALUE_NULL;
        else {
                outcome->value_len = response->body_len;
                outcome->value = http_response_take_body(response);
                if (outcome->value_len > PARSE_INLINE_MAX) {
                        workers_submit(exchange->workers, WORK_PARSE, &exchange->work);
                        return;
                }
                parse(&exchange->work);
        }

        finish(&exchange->work);
}

static void on_response(const HttpResponse *response, void *userdata) {
        Exchange *exchange = userdata;

        fault_point(FAULT_ANSWERED);
        exchange->answered(exchange->document, response);
        exchange->attempt = (RetryCase) {
                .status = response->status,
                .sent = response->sent,
                .retry_after = response->retry_after,
                .starved = response->starved,
                .attempts = exchange->document->attempts,
        };
        exchange->outcome->attempts = exchange->document->attempts;
        exchange->outcome->at_ms = time_wall_ms();
        fill_measures(exchange->outcome, response);
        judge_and_parse(exchange, response);
}

/* POST and PATCH: what is sent twice shall be done once, if the server heeds that. */
static const char *key_of(const Exchange *exchange, const StoreTarget *target, char *text) {
        if (job_spec_idempotent(exchange->spec))
                return NULL;

        return idempotency_key_write(&target->job, target->generation, &exchange->outcome->key, text);
}

static int start(Exchange *exchange, const JobSpec *spec, const StoreTarget *target, Engine *engine) {
        const RequestTexts *texts = &exchange->document->texts;
        char key[IDEMPOTENCY_KEY_SIZE];
        HttpRequest request = {
                .method = job_spec_methods[spec->request.method],
                .url = texts->url,
                .headers = (const char *const *)texts->headers,
                .idempotency_key = key_of(exchange, target, key),
                .timeout_us = spec->request.timeout_us,
                .redirects = (uint32_t)spec->request.redirects,
                .max_bytes = spec->result.max_bytes,
        };

        return engine_start(engine, exchange->document->origin, &request, on_response, exchange);
}

int exchange_begin(Document *document, const JobSpec *spec, const StoreTarget *target,
        const Services *services, exchange_answered_fn answered, exchange_done_fn done) {
        _cleanup_free_ Exchange *exchange = NULL;
        int r;

        exchange = calloc(1, sizeof(*exchange));
        if (!exchange)
                return -ENOMEM;

        *exchange = (Exchange) {
                .work = { .run = parse, .done = finish },
                .workers = services->workers,
                .document = document,
                .spec = spec,
                .answered = answered,
                .done = done,
                .parse = (ResultParse)spec->result.parse,
                .want_bson = store_wants_bson(services->link->store),
                .outcome = new_outcome(document),
        };
        if (!exchange->outcome)
                return -ENOMEM;

        r = start(exchange, spec, target, services->engine);
        if (r) {
                outcome_free(exchange->outcome);
                return error_trace(r);
        }

        document->exchange = TAKE_PTR(exchange);
        fault_point(FAULT_SENT);
        return 0;
}
