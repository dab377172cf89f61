#pragma once

#include <bson/bson.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * A response body that should be JSON (RFC 8259): is it, and can BSON hold it? One pass of the yajl
 * parser, building BSON on the way where that is wanted. Pure, any thread, time and memory in
 * proportion to the body: depth is bounded at 90 levels, equal keys are found without comparing all pairs.
 */

typedef struct JsonBody JsonBody;

enum {
        _JSON_BODY_E_SUCCESS,

        JSON_BODY_E_INVALID, /* not JSON: bad syntax, invalid UTF-8, trailing text, NaN, empty */
        JSON_BODY_E_RAW, /* JSON, but BSON cannot hold it: a key with \u0000, a lone surrogate, over 34 digits, over 90 levels */
};

struct JsonBody {
        char *rewritten; /* the text with the last of equal keys only, if there were equal ones; else NULL: the text as it came */
        size_t rewritten_len;
        size_t skip;  /* bytes of a BOM at the beginning, to be left out when the text is kept */
        bson_t *bson; /* {"": <the value>} if asked for, else NULL */
};

/*
 * @want_bson: build `bson`. @ret_body: filled when 0 is returned; the caller then owns it (json_body_deinit).
 * JSON_BODY_E_RAW fills only `skip`.
 * @error: where the text stops being JSON, at most @error_size bytes with its NUL.
 */
int json_body_parse(
        const char *text, size_t len, bool want_bson, JsonBody *ret_body, char *error, size_t error_size);

void json_body_deinit(JsonBody *body);
