/* From a request to its answer. */

#include "tests/testapi/api.h"

#include <errno.h>
#include <string.h>

#include "tests/testapi/pages.h"

#define API_KEEP ((size_t)1 << 20)

int api_init(Api *api, const Behaviour *defaults) {
        *api = (Api) { .defaults = *defaults };

        return body_packer_init(&api->packer);
}

void api_deinit(Api *api) {
        counters_deinit(&api->counters);
        body_packer_deinit(&api->packer);
        bytes_deinit(&api->room);
        bytes_deinit(&api->body);
        bytes_deinit(&api->location);
}

static void api_clear(Api *api) {
        bytes_clear(&api->room, API_KEEP);
        bytes_clear(&api->body, API_KEEP);
        bytes_clear(&api->location, API_KEEP);
}

/* Whether a line before the one just taken had this name already; @rest is what comes after it. */
static bool field_is_repeated(Text all, Text rest, Text name) {
        Text before = { all.data, all.len - rest.len };
        HttpField field;
        unsigned n = 0;

        while (!http_field_next(&before, &field))
                n += text_equal_caseless(field.name, name) ? 1 : 0;

        return n > 1;
}

static void add_field_name(Bytes *bytes, Text name) {
        bytes_add(bytes, TEXT("\""));
        for (size_t i = 0; i < name.len; i++) {
                char c = name.data[i];

                if (c >= 'A' && c <= 'Z')
                        c = (char)(c | 0x20);
                bytes_add(bytes, (Text) { &c, 1 });
        }
        bytes_add(bytes, TEXT("\": "));
}

/* The request's headers as an object; the values of a repeated one are joined as RFC 9110 allows. */
static void add_fields(Bytes *bytes, Bytes *joined, Text all) {
        const char *separator = "";
        Text rest = all;
        HttpField field, other;

        while (!http_field_next(&rest, &field)) {
                Text later = rest;

                if (field_is_repeated(all, rest, field.name))
                        continue;

                bytes_clear(joined, API_KEEP);
                bytes_add(joined, field.value);
                while (!http_field_next(&later, &other))
                        if (text_equal_caseless(other.name, field.name)) {
                                bytes_add(joined, TEXT(", "));
                                bytes_add(joined, other.value);
                        }

                bytes_addf(bytes, "%s", separator);
                add_field_name(bytes, field.name);
                bytes_add_json(bytes, bytes_text(joined));
                separator = ", ";
        }
}

static Text echo_body(Api *api, const HttpRequest *request, const char *data) {
        bytes_add(&api->body, TEXT("{\"method\": "));
        bytes_add_json(&api->body, http_place_text(request->method, data));
        bytes_add(&api->body, TEXT(", \"target\": "));
        bytes_add_json(&api->body, http_place_text(request->target, data));
        bytes_add(&api->body, TEXT(", \"headers\": {"));
        add_fields(&api->body, &api->location, http_place_text(request->fields, data));
        bytes_add(&api->body, TEXT("}, \"body\": "));
        bytes_add_json(&api->body, http_place_text(request->body, data));
        bytes_add(&api->body, TEXT("}"));
        bytes_clear(&api->location, API_KEEP);
        return bytes_text(&api->body);
}

static Body counted_body(Api *api, const Behaviour *b, uint32_t n) {
        static const Text end = TEXT_INIT("\"}");
        size_t len;

        bytes_add(&api->body, TEXT("{\"id\":"));
        bytes_add_json(&api->body, b->id);
        bytes_addf(&api->body, ",\"n\":%u,\"pad\":\"", n);
        len = api->body.len + end.len;
        return body_filled(
                &api->packer, bytes_text(&api->body), BODY_FILL_PAD, b->size > len ? b->size - len : 0, end);
}

static int choose_body(Api *api, const Behaviour *b, const HttpRequest *request, const char *data, uint32_t n,
        Reply *reply) {
        Body plain = {};

        if (b->bomb > 0)
                plain = body_filled(&api->packer, TEXT(""), BODY_FILL_SPACE, b->bomb, TEXT(""));
        else if (b->echo)
                plain.start = echo_body(api, request, data);
        else if (b->text.data)
                plain.start = b->text;
        else if (b->body.data)
                plain.start = b->body;
        else
                plain = counted_body(api, b, n);

        reply->content_type = b->text.data && !b->echo && !b->bomb ? RESPONSE_TEXT : RESPONSE_JSON;
        reply->gzip = b->gzip || b->bomb > 0;
        if (reply->gzip)
                return body_pack(&api->packer, &plain, &reply->body);

        reply->body = plain;
        return api->body.failed ? -ENOMEM : 0;
}

/* The same target with one hop less, as a path: clients resolve it against where they are. */
static Text next_hop(Api *api, Text path, Text query, uint64_t hops) {
        static const Text name = TEXT_INIT("hops=");
        Bytes *location = &api->location;

        bytes_add(location, path);
        for (const char *separator = "?"; query.len > 0; separator = "&") {
                const char *end = memchr(query.data, '&', query.len);
                Text part = { query.data, end ? (size_t)(end - query.data) : query.len };
                size_t step = part.len + (end ? 1 : 0);

                bytes_addf(location, "%s", separator);
                if (text_starts_with(part, name))
                        bytes_addf(location, "hops=%llu", (unsigned long long)(hops - 1));
                else
                        bytes_add(location, part);

                query.data += step;
                query.len -= step;
        }

        return bytes_text(location);
}

static void refuse_parameter(Api *api, Text name, Behaviour *ret_behaviour) {
        bytes_add(&api->body, name);
        bytes_addf(&api->body, ": not %s\n", behaviour_expected(name));
        *ret_behaviour =
                (Behaviour) { .status = 400, .id = ret_behaviour->id, .text = bytes_text(&api->body) };
}

/* Counts the request and fills in what its parameters ask for. */
static int answer_document(Api *api, const HttpRequest *request, const char *data, Text path, Text query,
        Reply *reply, ApiAnswer *answer) {
        Behaviour b = api->defaults;
        BehaviourPlan plan;
        Text wrong;
        uint32_t n;
        char *room;
        int r, wrong_value;

        room = bytes_reserve(&api->room, query.len + 1);
        if (!room)
                return -ENOMEM;

        wrong_value = behaviour_read(&b, BEHAVIOUR_OF_REQUEST, query, room, &wrong);
        if (!b.id.data)
                b.id = path;

        r = counters_begin(&api->counters, b.id, ids_hash(b.id), &answer->counted, &n);
        if (r)
                return r;

        if (wrong_value)
                refuse_parameter(api, wrong, &b);

        plan = behaviour_plan(&b, api->defaults.knee, n, ids_hash(b.id), api->counters.in_flight);
        if (plan.at_once)
                b = (Behaviour) { .id = b.id, .retry_after = b.retry_after, .header = b.header };

        answer->delay_us = plan.delay_us;
        answer->shared_delay = !plan.stretched;
        answer->drip = b.drip;
        answer->close = (BehaviourClose)b.close;
        answer->hang = b.hang;

        reply->status = plan.status;
        reply->chunked = b.chunked;
        reply->header = b.header;
        if (plan.status != 200)
                reply->retry_after = b.retry_after;

        r = choose_body(api, &b, request, data, n, reply);
        if (plan.redirects)
                reply->location = b.hops > 0 ? next_hop(api, path, query, b.hops) : b.redirect;

        return r;
}

static int finish(Api *api, Reply *reply, Response *out, ApiAnswer *answer) {
        if (api->room.failed || api->body.failed || api->location.failed)
                return -ENOMEM;

        if (reply->http10 && (reply->chunked || reply->streamed))
                reply->keep_alive = false;

        answer->status = reply->status;
        answer->keep_alive = reply->keep_alive && answer->close == BEHAVIOUR_CLOSE_NEVER;
        answer->http10 = reply->http10;
        answer->streams = reply->streamed && !reply->head_only;
        return response_write(out, reply);
}

int api_answer(Api *api, const HttpRequest *request, const char *data, Response *out, ApiAnswer *ret_answer) {
        Reply reply = {
                .status = 200,
                .content_type = RESPONSE_JSON,
                .http10 = request->http10,
                .keep_alive = request->keep_alive,
                .head_only = text_equal(http_place_text(request->method, data), TEXT("HEAD")),
        };
        PagesAnswer page;
        Text path, query;
        int r = 0;

        *ret_answer = (ApiAnswer) {};
        api_clear(api);
        http_target_split(http_place_text(request->target, data), &path, &query);

        page = pages_find(path);
        if (page)
                page(api, query, &reply);
        else
                r = answer_document(api, request, data, path, query, &reply, ret_answer);

        return r ? r : finish(api, &reply, out, ret_answer);
}

int api_refuse(Api *api, int error, Response *out, ApiAnswer *ret_answer) {
        static const struct {
                unsigned status;
                Text text;
        } refusals[] = {
                [HTTP_REQUEST_E_MALFORMED] = { 400, TEXT_INIT("malformed request\n") },
                [HTTP_REQUEST_E_HEAD_TOO_LARGE] = { 431, TEXT_INIT("head too large\n") },
                [HTTP_REQUEST_E_BODY_TOO_LARGE] = { 413, TEXT_INIT("body too large\n") },
                [HTTP_REQUEST_E_UNKNOWN_CODING] = { 501, TEXT_INIT("unknown transfer coding\n") },
                [HTTP_REQUEST_E_VERSION] = { 505, TEXT_INIT("not HTTP/1.0 or HTTP/1.1\n") },
        };
        Reply reply = {
                .status = refusals[error].status,
                .content_type = RESPONSE_TEXT,
                .body = { .start = refusals[error].text },
        };

        *ret_answer = (ApiAnswer) {};
        api_clear(api);
        api->counters.malformed++;
        return finish(api, &reply, out, ret_answer);
}

int api_continue(Api *api, ApiAnswer *answer, Response *out) {
        int r;

        bytes_clear(&api->body, API_KEEP);
        answer->streams = pages_ids_part(&api->counters, &answer->cursor, &api->body);
        if (api->body.failed)
                return -ENOMEM;

        r = response_add_chunk(out, bytes_text(&api->body), answer->http10);
        if (!r && !answer->streams)
                r = response_end(out, answer->http10);

        return r;
}
