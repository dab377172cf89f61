#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "tests/testapi/body.h"
#include "tests/testapi/bytes.h"

/*
 * One answer on its way out: what it says, then its bytes, of which a part may be left unsent.
 *
 * Everything is written down when the request came, delay or not, so a waiting answer needs nothing
 * of its request. The run of units inside the body is not written down but pointed at.
 */

typedef struct Reply Reply;
typedef struct Response Response;

#define RESPONSE_JSON "application/json"
#define RESPONSE_TEXT "text/plain; charset=utf-8"

struct Reply {
        unsigned status;
        const char *content_type;
        Text location;    /* NULL: no Location */
        Text retry_after; /* NULL: no Retry-After */
        Text header;      /* a line more, or NULL */
        Body body;
        bool gzip;       /* @body is packed */
        bool chunked;    /* without a length */
        bool streamed;   /* chunked, and more comes by response_add_chunk() and response_end() */
        bool http10;     /* does not know chunks: the end of the connection ends the body */
        bool keep_alive; /* else the head says that the connection closes */
        bool head_only;  /* the answer to HEAD */
};

/* Zeroed is a valid empty one. Offsets count bytes as they are sent. */
struct Response {
        Bytes text; /* all but the run of units */
        size_t head_len;
        size_t fill_at; /* where in @text the run stands */
        Text unit;      /* borrowed from the packer */
        uint64_t fill;
        uint64_t sent;
        uint64_t until; /* where to stop for now */
};

/* Writes the answer down; @response was cleared. Returns 0 or -ENOMEM. */
int response_write(Response *response, const Reply *reply);

/* Goes on with a streamed answer; `until` moves with it. @chunk is not empty. Returns 0 or -ENOMEM. */
int response_add_chunk(Response *response, Text chunk, bool http10);
int response_end(Response *response, bool http10);

static inline uint64_t response_length(const Response *response) {
        return response->text.len + response->fill;
}

/* The bytes from `sent` to `until` as up to @n pieces. Returns the number of pieces, 0 at `until`. */
int response_pieces(const Response *response, struct iovec *pieces, int n);

/* Forgets what was sent, keeps a little memory. */
void response_clear(Response *response);
void response_deinit(Response *response);
