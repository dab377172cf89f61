#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One HTTP exchange as values: what is asked for, and what came of it, redirects included.
 * No library's type appears here. Thread: the loop's.
 */

typedef struct HttpRequest HttpRequest;
typedef struct HttpResponse HttpResponse;

/* What became of a transfer, before anybody looked at the status. */
typedef enum HttpResult {
        HTTP_ANSWERED,     /* a whole answer: `status`, `body` */
        HTTP_TOO_LARGE,    /* the decoded body went over `max_bytes` and was cut off there; `status` is
                              * known, or 0 if it was the body of a redirect to follow: nothing is kept */
        HTTP_BAD_ENCODING, /* `status` is known; gzip, deflate, br or zstd content that cannot be decoded */
        HTTP_TIMEOUT,      /* `timeout_us` ran out, in any phase */
        HTTP_CONNECT,      /* refused, unreachable, reset, or closed before the whole answer was there */
        HTTP_DNS,
        HTTP_TLS,
        HTTP_PROTOCOL,       /* not HTTP, or framing or headers beyond repair or bounds; an unasked 101 */
        HTTP_REDIRECT,       /* too many hops, a scheme but http and https, no URL, or `same_origin` */
        HTTP_DENIED_ADDRESS, /* egress rules forbid an address on the way */
        HTTP_BAD_URL,
} HttpResult;

/* Copied where needed by engine_start(); the pointers need not outlive the call. */
struct HttpRequest {
        const char *method;         /* upper case */
        const char *url;            /* absolute, http or https */
        const char *const *headers; /* NULL-terminated "Name: value" lines, or NULL; as in curl, one without a
                                     * value takes away a header that would be sent by itself */
        const char *body;           /* or NULL; a HEAD has none */
        size_t body_len;
        const char *idempotency_key; /* sent as that header unless @headers has one of its own; or NULL */
        uint64_t timeout_us;         /* for all of it, redirects included */
        uint32_t redirects;          /* hops to follow at most; 0: a 3xx is an answer */
        bool same_origin; /* follow no redirect to another origin: some header carries a credential */
        size_t max_bytes; /* of the decoded body */
};

struct HttpResponse {
        HttpResult result;
        int status;   /* of the latest status line, a redirect's if no more came; 0: none came */
        bool sent;    /* at least one byte of a request went out: it may have had an effect */
        bool starved; /* this process had no descriptor or memory for a connection: that says nothing of the
                           * origin, and the same may be asked again later, as if it had never been */
        const char *body; /* what was kept of the decoded body; see http_response_take_body() */
        size_t body_len;
        uint64_t bytes;             /* decoded bytes that came, those not kept included */
        const char *retry_after;    /* the header's value, or NULL */
        const char *rate_limit;     /* likewise RateLimit */
        const char *rate_remaining; /* RateLimit-Remaining, else X-RateLimit-Remaining */
        const char *rate_reset;     /* RateLimit-Reset, else X-RateLimit-Reset */
        const char *error;          /* one line for people, or NULL */
        uint64_t dns_us;            /* each phase by itself */
        uint64_t connect_us;
        uint64_t tls_us;
        uint64_t wait_us; /* from the request sent to the first byte of the answer */
        uint64_t total_us;
};
