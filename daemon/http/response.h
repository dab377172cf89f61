#pragma once

#include <curl/curl.h>

#include "daemon/http/http.h"

/*
 * What curl says of a transfer that has ended, as an HttpResponse. Thread: the loop's.
 */

/* How far the latest hop of an exchange has come: redirects and repeats make new hops. */
typedef enum HttpHop {
        HOP_CONNECT, /* not one request has been handed to a connection yet */
        HOP_ASKED,   /* a request is on its way, and nothing of an answer has come */
        HOP_INTERIM, /* a whole 1xx has come, the final status line has not */
        HOP_HEADERS, /* the final status line has come */
        HOP_BODY,    /* the headers are complete; after a redirect it stays here until the next request */
} HttpHop;

/* @error: curl's own text, "" where it gave none. */
HttpResult response_result(CURLcode code, HttpHop hop, const char *error);

/* Fills the phases from the handle; a phase that never was is 0. Not `total_us`. */
void response_times(HttpResponse *response, CURL *easy);

/* Fills what the latest answer's headers say of "later". The texts live until the handle's next transfer. */
void response_wishes(HttpResponse *response, CURL *easy);

/* Makes @text one line of printable ASCII: some of curl's texts quote what the peer sent. */
void response_clean_text(char *text);
