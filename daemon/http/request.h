#pragma once

#include <curl/curl.h>
#include <stdbool.h>

#include "daemon/http/http.h"

/*
 * An HttpRequest as options of an easy handle: method, body, headers, redirects. Thread: the loop's.
 */

/*
 * Sets everything of @request but its time limit; nothing of an earlier request is left over.
 * @ret_headers: the list that @easy now uses; freed by the caller once the transfer has ended. May be NULL.
 * Returns 0 or -ENOMEM.
 */
int request_apply(const HttpRequest *request, CURL *easy, struct curl_slist **ret_headers);

/* Lets go of the copied body, whose size has no bound. */
void request_forget(CURL *easy);

/* Whether sending it twice is the same as sending it once (RFC 9110, section 9.2.2; but for TRACE). */
bool request_is_idempotent(const char *method);

/* Whether curl knows the method only as CURLOPT_CUSTOMREQUEST; see request_redirect_to_get(). */
bool request_is_custom(const HttpRequest *request);

/* A 303 turns any method into GET, but curl keeps sending a custom one until it is told to stop. */
void request_redirect_to_get(CURL *easy);
