/* Reads requests, because libevent's own HTTP server is not fit for hostile or broken input. */

#include "tests/testapi/http_parse.h"

#include <string.h>

#define HTTP_LINE_MAX 8192 /* of a chunk's size with extensions, and of a trailer */

static bool is_token_char(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               (c != '\0' && strchr("!#$%&'*+-.^_`|~", c));
}

static size_t token_length(Text text) {
        size_t n = 0;

        while (n < text.len && is_token_char(text.data[n]))
                n++;

        return n;
}

static bool is_blank(char c) {
        return c == ' ' || c == '\t';
}

static Text text_trim(Text text) {
        while (text.len > 0 && is_blank(text.data[0])) {
                text.data++;
                text.len--;
        }
        while (text.len > 0 && is_blank(text.data[text.len - 1]))
                text.len--;

        return text;
}

/* Cuts the first line, without its CRLF, off @text; false when it is not complete. */
static bool text_take_line(Text *text, Text *ret_line) {
        const char *end = memmem(text->data, text->len, "\r\n", 2);

        if (!end)
                return false;

        *ret_line = (Text) { text->data, (size_t)(end - text->data) };
        text->len -= ret_line->len + 2;
        text->data = end + 2;
        return true;
}

static bool has_control_char(Text text) {
        for (size_t i = 0; i < text.len; i++)
                if (((unsigned char)text.data[i] < 0x20 && text.data[i] != '\t') || text.data[i] == 0x7F)
                        return true;

        return false;
}

int http_field_next(Text *lines, HttpField *ret_field) {
        Text line;
        size_t n;

        if (!text_take_line(lines, &line))
                return HTTP_REQUEST_E_PARTIAL;

        n = token_length(line);
        if (n == 0 || n == line.len || line.data[n] != ':' || has_control_char(line))
                return HTTP_REQUEST_E_MALFORMED;

        ret_field->name = (Text) { line.data, n };
        ret_field->value = text_trim((Text) { line.data + n + 1, line.len - n - 1 });
        return 0;
}

/* Whether a comma-separated list has this member. */
static bool list_has(Text list, Text member) {
        while (list.len > 0) {
                const char *comma = memchr(list.data, ',', list.len);
                size_t n = comma ? (size_t)(comma - list.data) : list.len;

                if (text_equal_caseless(text_trim((Text) { list.data, n }), member))
                        return true;

                n += comma ? 1 : 0;
                list.data += n;
                list.len -= n;
        }

        return false;
}

static int read_content_length(HttpRequest *request, Text value) {
        size_t length = 0;

        if (value.len == 0)
                return HTTP_REQUEST_E_MALFORMED;

        for (size_t i = 0; i < value.len; i++) {
                if (value.data[i] < '0' || value.data[i] > '9')
                        return HTTP_REQUEST_E_MALFORMED;
                if (length <= HTTP_BODY_MAX) /* beyond that it is refused whatever the rest says */
                        length = length * 10 + (size_t)(value.data[i] - '0');
        }

        if (request->has_length && request->left != length)
                return HTTP_REQUEST_E_MALFORMED;

        request->has_length = true;
        request->left = length;
        return 0;
}

static int read_field(HttpRequest *request, const HttpField *field) {
        if (text_equal_caseless(field->name, TEXT("content-length")))
                return read_content_length(request, field->value);

        if (text_equal_caseless(field->name, TEXT("transfer-encoding"))) {
                if (!text_equal_caseless(field->value, TEXT("chunked")))
                        return HTTP_REQUEST_E_UNKNOWN_CODING;
                if (request->chunked)
                        return HTTP_REQUEST_E_MALFORMED;
                request->chunked = true;
        } else if (text_equal_caseless(field->name, TEXT("connection"))) {
                if (list_has(field->value, TEXT("close")))
                        request->keep_alive = false;
                else if (list_has(field->value, TEXT("keep-alive")))
                        request->keep_alive = true;
        } else if (text_equal_caseless(field->name, TEXT("expect"))) {
                request->expects_continue = text_equal_caseless(field->value, TEXT("100-continue"));
        }

        return 0;
}

static int read_request_line(HttpRequest *request, const char *data, Text line) {
        size_t method = token_length(line);
        const char *target, *space;
        Text version;

        if (method == 0 || method == line.len || line.data[method] != ' ' || has_control_char(line))
                return HTTP_REQUEST_E_MALFORMED;

        target = line.data + method + 1;
        space = memchr(target, ' ', line.len - method - 1);
        if (!space || space == target)
                return HTTP_REQUEST_E_MALFORMED;

        version = (Text) { space + 1, line.len - (size_t)(space + 1 - line.data) };
        if (!text_starts_with(version, TEXT("HTTP/")))
                return HTTP_REQUEST_E_MALFORMED;

        request->http10 = text_equal(version, TEXT("HTTP/1.0"));
        if (!request->http10 && !text_equal(version, TEXT("HTTP/1.1")))
                return HTTP_REQUEST_E_VERSION;

        request->keep_alive = !request->http10;
        request->method = (HttpPlace) { (size_t)(line.data - data), method };
        request->target = (HttpPlace) { (size_t)(target - data), (size_t)(space - target) };
        return 0;
}

static int read_fields(HttpRequest *request, const char *data) {
        Text lines = http_place_text(request->fields, data);
        HttpField field;
        unsigned n = 0;
        int r;

        while (!(r = http_field_next(&lines, &field))) {
                if (++n > HTTP_FIELDS_MAX)
                        return HTTP_REQUEST_E_HEAD_TOO_LARGE;
                r = read_field(request, &field);
                if (r)
                        return r;
        }

        return r == HTTP_REQUEST_E_PARTIAL ? 0 : r;
}

/* What follows the head; two ways to tell the length are one too many (request smuggling). */
static int begin_body(HttpRequest *request) {
        if (request->chunked && (request->has_length || request->http10))
                return HTTP_REQUEST_E_MALFORMED;
        if (request->left > HTTP_BODY_MAX)
                return HTTP_REQUEST_E_BODY_TOO_LARGE;

        request->step = request->chunked ? HTTP_STEP_CHUNK_SIZE : HTTP_STEP_BODY;
        return 0;
}

static int read_head(HttpRequest *request, const char *data, size_t n) {
        size_t from = request->at;
        Text head, line;
        const char *end;
        int r;

        end = memmem(data + from, n - from, "\r\n\r\n", 4);
        if (!end) {
                if (n > HTTP_HEAD_MAX)
                        return HTTP_REQUEST_E_HEAD_TOO_LARGE;
                request->at = n > 3 ? n - 3 : 0;
                return HTTP_REQUEST_E_PARTIAL;
        }

        request->at = (size_t)(end - data) + 4;
        if (request->at > HTTP_HEAD_MAX)
                return HTTP_REQUEST_E_HEAD_TOO_LARGE;

        head = (Text) { data, request->at - 2 };
        if (text_starts_with(head, TEXT("\r\n"))) /* one empty line before a request is allowed */
                head = (Text) { data + 2, head.len - 2 };
        if (!text_take_line(&head, &line))
                return HTTP_REQUEST_E_MALFORMED;

        r = read_request_line(request, data, line);
        if (r)
                return r;

        request->fields = (HttpPlace) { (size_t)(head.data - data), head.len };
        request->body = (HttpPlace) { request->at, 0 };
        r = read_fields(request, data);
        return r ? r : begin_body(request);
}

/* Takes one line of the chunks' framing. */
static int read_framing(HttpRequest *request, const char *data, size_t n, Text *ret_line) {
        Text rest = { data + request->at, n - request->at };

        if (!text_take_line(&rest, ret_line))
                return rest.len > HTTP_LINE_MAX ? HTTP_REQUEST_E_MALFORMED : HTTP_REQUEST_E_PARTIAL;

        request->at += ret_line->len + 2;
        return request->at > HTTP_WIRE_MAX ? HTTP_REQUEST_E_BODY_TOO_LARGE : 0;
}

static int read_chunk_size(HttpRequest *request, const char *data, size_t n) {
        size_t size = 0, i;
        Text line;
        int r;

        r = read_framing(request, data, n, &line);
        if (r)
                return r;

        for (i = 0; i < line.len && text_hex_digit(line.data[i]) < 16; i++)
                if (size <= HTTP_BODY_MAX) /* beyond that it is refused whatever the rest says */
                        size = size * 16 + text_hex_digit(line.data[i]);

        if (i == 0 || (i < line.len && line.data[i] != ';' && !is_blank(line.data[i])))
                return HTTP_REQUEST_E_MALFORMED;
        if (size > HTTP_BODY_MAX - request->body.len)
                return HTTP_REQUEST_E_BODY_TOO_LARGE;

        request->left = size;
        request->step = size > 0 ? HTTP_STEP_CHUNK : HTTP_STEP_TRAILER;
        return 0;
}

/* Takes what is there of the body or the chunk; a chunk moves down to close the gap of its framing. */
static int read_body(HttpRequest *request, char *data, size_t n, HttpStep next) {
        size_t take = n - request->at < request->left ? n - request->at : request->left;
        size_t end = request->body.at + request->body.len;

        if (end != request->at)
                memmove(data + end, data + request->at, take);

        request->at += take;
        request->body.len += take;
        request->left -= take;
        if (request->left > 0)
                return HTTP_REQUEST_E_PARTIAL;

        request->step = next;
        return 0;
}

static int read_chunk_end(HttpRequest *request, const char *data, size_t n) {
        if (n - request->at < 2)
                return HTTP_REQUEST_E_PARTIAL;
        if (memcmp(data + request->at, "\r\n", 2) != 0)
                return HTTP_REQUEST_E_MALFORMED;

        request->at += 2;
        request->step = HTTP_STEP_CHUNK_SIZE;
        return 0;
}

static int read_trailer(HttpRequest *request, const char *data, size_t n) {
        Text line;
        int r;

        r = read_framing(request, data, n, &line);
        if (!r && line.len == 0)
                request->step = HTTP_STEP_DONE;

        return r;
}

int http_request_read(HttpRequest *request, char *data, size_t n) {
        int r = 0;

        while (!r && request->step != HTTP_STEP_DONE) {
                switch (request->step) {
                case HTTP_STEP_HEAD:
                        r = read_head(request, data, n);
                        break;
                case HTTP_STEP_BODY:
                        r = read_body(request, data, n, HTTP_STEP_DONE);
                        break;
                case HTTP_STEP_CHUNK_SIZE:
                        r = read_chunk_size(request, data, n);
                        break;
                case HTTP_STEP_CHUNK:
                        r = read_body(request, data, n, HTTP_STEP_CHUNK_END);
                        break;
                case HTTP_STEP_CHUNK_END:
                        r = read_chunk_end(request, data, n);
                        break;
                case HTTP_STEP_TRAILER:
                        r = read_trailer(request, data, n);
                        break;
                case HTTP_STEP_DONE:
                        break;
                }
        }

        return r;
}

void http_target_split(Text target, Text *ret_path, Text *ret_query) {
        const char *mark;
        Text path = target;

        if (target.data[0] != '/') { /* absolute form, as a proxy gets it: skip scheme and authority */
                const char *authority = memmem(target.data, target.len, "://", 3);
                size_t skip = authority ? (size_t)(authority - target.data) + 3 : 0;

                while (skip < target.len && target.data[skip] != '/' && target.data[skip] != '?')
                        skip++;
                path = (Text) { target.data + skip, target.len - skip };
        }

        mark = path.len > 0 ? memchr(path.data, '?', path.len) : NULL;
        *ret_query = mark ? (Text) { mark + 1, path.len - (size_t)(mark + 1 - path.data) } : TEXT("");
        if (mark)
                path.len = (size_t)(mark - path.data);

        *ret_path = path.len > 0 ? path : TEXT("/");
}
