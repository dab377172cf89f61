#pragma once

#include <bson/bson.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/alloc.h"
#include "common/error.h"
#include "common/option.h"

/*
 * Makes a request's texts from a document. The URL and the query are URI Templates (RFC 6570, level 2: {var},
 * {+var}, {#var}); in headers only {path} is replaced, by the value as it is, `{{` is a brace and any other
 * `{` stays. A path may be dotted ({address.city}, {tags.0}); pct-encoded names reach any key
 * ({first%2Ename}).
 *
 * Compiled once for a job, expanded for each document; immutable in between, any thread.
 */

typedef struct RequestTemplate RequestTemplate;
typedef struct RequestTexts RequestTexts;

/* What one document's request is made of. Owned; empty with request_texts_deinit(). */
struct RequestTexts {
        char *url;      /* with the query appended, after '?' or '&' and before a fragment */
        char **headers; /* NULL-terminated "Name: value" lines, or NULL */
};

/*
 * Compiles. @query and @headers are maps (option.h). A query's keys are literal; its values are URI
 * Templates. In literal text what a URI cannot hold is percent-encoded, in a query also what would end a
 * value, and pct-encoded triplets are kept. Names of headers are checked to be tokens (RFC 9110, section 5.1)
 * and to differ, fixed values for CR and LF. `${credential:...}` is "not supported yet". Returns 0; -EINVAL
 * with @error filled, `where` being `request.url`, `request.query.NAME`, `request.headers.NAME`; -ENOMEM.
 */
int request_template_new(const char *url, const StringList *query, const StringList *headers,
        RequestTemplate **ret_template, UserError *error);
RequestTemplate *request_template_free(RequestTemplate *template);
DEFINE_FREEP(RequestTemplate, request_template);

/*
 * The top-level names that the templates read beside _id, without duplicates, NULL-terminated; lives with the
 * template. NULL where one of them cannot be projected (a dot inside, a $ in front): the whole document is
 * needed.
 */
const char *const *request_template_fields(const RequestTemplate *template);

enum {
        _TEMPLATE_E_SUCCESS,

        TEMPLATE_E_UNUSABLE, /* this document lacks a value, or has one that cannot stand there */
};

/*
 * Expands for one document. Returns 0; TEMPLATE_E_UNUSABLE with @error's message naming the field; -ENOMEM.
 * An ObjectId is its hex, a date RFC 3339 in UTC, a number its shortest exact form, a bool true or false.
 */
int request_template_expand(
        const RequestTemplate *template, const bson_t *document, RequestTexts *ret_texts, UserError *error);
void request_texts_deinit(RequestTexts *texts);
