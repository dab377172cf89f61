/* Writes answers down and cuts them into pieces for the kernel. */

#include "tests/testapi/response.h"

#include <errno.h>

#define RESPONSE_KEEP ((size_t)4 << 10) /* most answers fit, and idle connections stay small */

static const char *reason_phrase(unsigned status) {
        static const struct {
                unsigned status;
                const char *phrase;
        } phrases[] = {
                { 200, "OK" },
                { 201, "Created" },
                { 202, "Accepted" },
                { 204, "No Content" },
                { 301, "Moved Permanently" },
                { 302, "Found" },
                { 303, "See Other" },
                { 304, "Not Modified" },
                { 307, "Temporary Redirect" },
                { 308, "Permanent Redirect" },
                { 400, "Bad Request" },
                { 401, "Unauthorized" },
                { 403, "Forbidden" },
                { 404, "Not Found" },
                { 408, "Request Timeout" },
                { 410, "Gone" },
                { 413, "Content Too Large" },
                { 429, "Too Many Requests" },
                { 431, "Request Header Fields Too Large" },
                { 500, "Internal Server Error" },
                { 501, "Not Implemented" },
                { 502, "Bad Gateway" },
                { 503, "Service Unavailable" },
                { 504, "Gateway Timeout" },
                { 505, "HTTP Version Not Supported" },
        };

        for (size_t i = 0; i < ELEMENTSOF(phrases); i++)
                if (phrases[i].status == status)
                        return phrases[i].phrase;

        return "Status";
}

static bool has_body(const Reply *reply) {
        return !reply->head_only && reply->status != 204 && reply->status != 304;
}

static void write_head(Bytes *text, const Reply *reply) {
        bytes_addf(text, "HTTP/1.1 %u %s\r\n", reply->status, reason_phrase(reply->status));

        if (reply->status != 204 && reply->status != 304) {
                bytes_addf(text, "Content-Type: %s\r\n", reply->content_type);
                if (reply->gzip)
                        bytes_add(text, TEXT("Content-Encoding: gzip\r\n"));
                if (!reply->chunked && !reply->streamed)
                        bytes_addf(text, "Content-Length: %llu\r\n",
                                (unsigned long long)body_length(&reply->body));
                else if (!reply->http10)
                        bytes_add(text, TEXT("Transfer-Encoding: chunked\r\n"));
        }

        if (reply->location.data) {
                bytes_add(text, TEXT("Location: "));
                bytes_add(text, reply->location);
                bytes_add(text, TEXT("\r\n"));
        }
        if (reply->retry_after.data) {
                bytes_add(text, TEXT("Retry-After: "));
                bytes_add(text, reply->retry_after);
                bytes_add(text, TEXT("\r\n"));
        }

        if (reply->header.data) {
                bytes_add(text, reply->header);
                bytes_add(text, TEXT("\r\n"));
        }

        if (!reply->keep_alive)
                bytes_add(text, TEXT("Connection: close\r\n"));
        else if (reply->http10)
                bytes_add(text, TEXT("Connection: keep-alive\r\n"));

        bytes_add(text, TEXT("\r\n"));
}

static void write_chunk(Bytes *text, Text chunk) {
        if (chunk.len == 0)
                return;

        bytes_addf(text, "%zx\r\n", chunk.len);
        bytes_add(text, chunk);
        bytes_add(text, TEXT("\r\n"));
}

/* The start goes out as two chunks, so that even a short body comes in more than one. */
static void write_chunked(Response *response, const Body *body) {
        size_t half = body->start.len / 2;

        write_chunk(&response->text, (Text) { body->start.data, half });
        write_chunk(&response->text, (Text) { body->start.data + half, body->start.len - half });
        if (body->fill > 0)
                bytes_addf(&response->text, "%llx\r\n", (unsigned long long)body->fill);
        response->fill_at = response->text.len;
        if (body->fill > 0)
                bytes_add(&response->text, TEXT("\r\n"));
        write_chunk(&response->text, body->end);
        bytes_add(&response->text, TEXT("0\r\n\r\n"));
}

int response_write(Response *response, const Reply *reply) {
        const Body *body = &reply->body;

        write_head(&response->text, reply);
        response->head_len = response->text.len;
        response->fill_at = response->text.len;

        if (has_body(reply) && !reply->streamed) {
                response->unit = body->unit;
                response->fill = body->fill;
                if (reply->chunked && !reply->http10) {
                        write_chunked(response, body);
                } else {
                        bytes_add(&response->text, body->start);
                        response->fill_at = response->text.len;
                        bytes_add(&response->text, body->end);
                }
        }

        response->until = response_length(response);
        return response->text.failed ? -ENOMEM : 0;
}

int response_add_chunk(Response *response, Text chunk, bool http10) {
        if (http10)
                bytes_add(&response->text, chunk);
        else
                write_chunk(&response->text, chunk);

        response->fill_at = response->text.len;
        response->until = response_length(response);
        return response->text.failed ? -ENOMEM : 0;
}

int response_end(Response *response, bool http10) {
        if (!http10)
                bytes_add(&response->text, TEXT("0\r\n\r\n"));

        response->fill_at = response->text.len;
        response->until = response_length(response);
        return response->text.failed ? -ENOMEM : 0;
}

/* The longest piece that begins at @at: of the text before the run, of one unit, or of the text after. */
static Text piece_at(const Response *response, uint64_t at) {
        uint64_t fill_end = response->fill_at + response->fill;
        size_t skip;

        if (at < response->fill_at)
                return (Text) { response->text.data + at, (size_t)(response->fill_at - at) };

        if (at < fill_end) {
                skip = (size_t)((at - response->fill_at) % response->unit.len);
                if (response->unit.len - skip > fill_end - at)
                        return (Text) { response->unit.data + skip, (size_t)(fill_end - at) };
                return (Text) { response->unit.data + skip, response->unit.len - skip };
        }

        skip = (size_t)(at - response->fill);
        return (Text) { response->text.data + skip, response->text.len - skip };
}

int response_pieces(const Response *response, struct iovec *pieces, int n) {
        uint64_t at = response->sent;
        int i;

        for (i = 0; i < n && at < response->until; i++) {
                Text piece = piece_at(response, at);

                if (piece.len > response->until - at)
                        piece.len = (size_t)(response->until - at);

                pieces[i] = (struct iovec) { .iov_base = (void *)piece.data, .iov_len = piece.len };
                at += piece.len;
        }

        return i;
}

void response_clear(Response *response) {
        Bytes text = response->text;

        bytes_clear(&text, RESPONSE_KEEP);
        *response = (Response) { .text = text };
}

void response_deinit(Response *response) {
        bytes_deinit(&response->text);
        *response = (Response) {};
}
