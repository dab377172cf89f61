#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/testapi/bytes.h"

/*
 * Reads HTTP/1.x requests from a buffer that grows while they come in (RFC 9112).
 *
 * Strict on purpose: what is odd is refused rather than guessed, so that a client's mistakes show in
 * its tests. Places are offsets from the request's first byte, because the buffer may move between
 * two calls. A chunked body is decoded in place, behind the head.
 */

typedef struct HttpRequest HttpRequest;
typedef struct HttpPlace HttpPlace;
typedef struct HttpField HttpField;

#define HTTP_HEAD_MAX ((size_t)64 << 10)
#define HTTP_FIELDS_MAX 200
#define HTTP_BODY_MAX ((size_t)16 << 20)
#define HTTP_WIRE_MAX ((size_t)64 << 20) /* with the framing of chunks, which may outweigh them */

enum {
        _HTTP_REQUEST_E_SUCCESS,

        HTTP_REQUEST_E_PARTIAL,        /* more has to come */
        HTTP_REQUEST_E_MALFORMED,      /* 400 */
        HTTP_REQUEST_E_HEAD_TOO_LARGE, /* 431 */
        HTTP_REQUEST_E_BODY_TOO_LARGE, /* 413 */
        HTTP_REQUEST_E_UNKNOWN_CODING, /* 501: a transfer coding other than chunked */
        HTTP_REQUEST_E_VERSION,        /* 505: not HTTP/1.0 or HTTP/1.1 */
};

typedef enum {
        HTTP_STEP_HEAD,
        HTTP_STEP_BODY,
        HTTP_STEP_CHUNK_SIZE,
        HTTP_STEP_CHUNK,
        HTTP_STEP_CHUNK_END,
        HTTP_STEP_TRAILER,
        HTTP_STEP_DONE,
} HttpStep;

struct HttpPlace {
        size_t at;
        size_t len;
};

struct HttpRequest {
        HttpStep step;
        size_t at;   /* the first byte not parsed yet; of a complete request its length on the wire */
        size_t left; /* bytes missing of the body or of the present chunk */
        HttpPlace method;
        HttpPlace target;
        HttpPlace fields; /* the header lines, each with its CRLF */
        HttpPlace body;   /* decoded; @len grows */
        bool http10;
        bool keep_alive;
        bool expects_continue;
        bool chunked;
        bool has_length;
};

struct HttpField {
        Text name;
        Text value; /* without the white space around it */
};

#define HTTP_REQUEST_INIT ((HttpRequest) {})

/*
 * Goes on where the last call stopped. @data begins with the request's first byte and may hold more
 * than one request. Returns 0 (complete) or one of HTTP_REQUEST_E_*.
 */
int http_request_read(HttpRequest *request, char *data, size_t n);

static inline Text http_place_text(HttpPlace place, const char *data) {
        return (Text) { data + place.at, place.len };
}

/*
 * Takes the next field from the front of @lines. Returns 0, HTTP_REQUEST_E_PARTIAL at the end, or
 * HTTP_REQUEST_E_MALFORMED.
 */
int http_field_next(Text *lines, HttpField *ret_field);

/* The two parts of a target in origin or absolute form; without `?` the query is empty. */
void http_target_split(Text target, Text *ret_path, Text *ret_query);
