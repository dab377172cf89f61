/*
 * Response bodies as BSON, without the liberties that parsers take.
 *
 * The parser below knows neither a bound of depth, nor equal keys, nor lone surrogates, and takes two
 * control characters for white space; all that is looked after here. Once BSON cannot hold the body,
 * only its syntax is read on.
 */

#include "daemon/store/json_bson.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yajl/yajl_parse.h>

#include "common/alloc.h"
#include "common/error.h"
#include "common/json_text.h"
#include "daemon/store/json_keys.h"
#include "daemon/store/json_number.h"
#include "daemon/store/json_rewrite.h"

typedef struct Level Level;
typedef struct Place Place;
typedef struct Parsing Parsing;

struct Level {
        bson_t bson; /* shares its parent's memory until it is ended */
        bool array;
        uint32_t n;       /* of an array: values so far */
        size_t first_key; /* of an object: index of its first one */
};

/* Where the next value goes, under which key. */
struct Place {
        bson_t *bson;
        const char *key;
        int key_len;
        char index[16]; /* memory for an array's key */
};

struct Parsing {
        const char *text;
        size_t len;
        bool raw;
        bool equal_keys;
        bool building; /* BSON is wanted, and nothing has been in its way */
        bool full;     /* the BSON would be larger than a document can be in memory */

        bson_t *bson;
        JsonKeys keys;
        size_t depth;
        Level levels[JSON_DEPTH_MAX];
};

static void next_place(Parsing *parsing, Place *place) {
        Level *level = parsing->depth > 0 ? &parsing->levels[parsing->depth - 1] : NULL;

        place->bson = level ? &level->bson : parsing->bson;
        if (!level) {
                place->key = "";
                place->key_len = 0;
        } else if (level->array) {
                place->key_len = (int)bson_uint32_to_string(
                        level->n++, &place->key, place->index, sizeof(place->index));
        } else {
                const JsonKey *key = &parsing->keys.keys[parsing->keys.n - 1];

                place->key = key->text;
                place->key_len = (int)key->len;
        }
}

static int appended(Parsing *parsing, bool ok) {
        parsing->full = !ok;
        return ok;
}

static int on_null(void *context) {
        Parsing *parsing = context;
        Place place;

        if (!parsing->building)
                return 1;

        next_place(parsing, &place);
        return appended(parsing, bson_append_null(place.bson, place.key, place.key_len));
}

static int on_boolean(void *context, int value) {
        Parsing *parsing = context;
        Place place;

        if (!parsing->building)
                return 1;

        next_place(parsing, &place);
        return appended(parsing, bson_append_bool(place.bson, place.key, place.key_len, value));
}

static bool append_number(const Place *place, const JsonNumber *number) {
        switch (number->kind) {
        case JSON_NUMBER_INT32:
                return bson_append_int32(place->bson, place->key, place->key_len, (int32_t)number->integer);
        case JSON_NUMBER_INT64:
                return bson_append_int64(place->bson, place->key, place->key_len, number->integer);
        case JSON_NUMBER_DOUBLE:
                return bson_append_double(place->bson, place->key, place->key_len, number->real);
        case JSON_NUMBER_DECIMAL128:
                return bson_append_decimal128(place->bson, place->key, place->key_len, &number->decimal);
        case JSON_NUMBER_NONE:
                break;
        }

        return false;
}

static int on_number(void *context, const char *text, size_t len) {
        Parsing *parsing = context;
        JsonNumber number;
        Place place;

        if (!parsing->building) {
                parsing->raw = parsing->raw || !json_number_fits(text, len);
                return 1;
        }

        number = json_number_read(text, len);
        if (number.kind == JSON_NUMBER_NONE) {
                parsing->raw = true;
                parsing->building = false;
                return 1;
        }

        next_place(parsing, &place);
        return appended(parsing, append_number(&place, &number));
}

static int on_string(void *context, const unsigned char *text, size_t len) {
        Parsing *parsing = context;
        Place place;

        if (!parsing->building)
                return 1;

        next_place(parsing, &place);
        return appended(parsing,
                bson_append_utf8(place.bson, place.key, place.key_len, (const char *)text, (int)len));
}

static int open_level(Parsing *parsing, bool array) {
        Level *level = &parsing->levels[parsing->depth];
        Place place;
        bool ok = true;

        if (parsing->raw)
                return 1;

        if (parsing->depth == JSON_DEPTH_MAX) {
                parsing->raw = true;
                parsing->building = false;
                return 1;
        }

        if (parsing->building) {
                next_place(parsing, &place);
                ok = array ? bson_append_array_begin(place.bson, place.key, place.key_len, &level->bson)
                           : bson_append_document_begin(place.bson, place.key, place.key_len, &level->bson);
        }

        level->array = array;
        level->n = 0;
        level->first_key = parsing->keys.n;
        parsing->depth++;
        return appended(parsing, ok);
}

static int on_start_map(void *context) {
        return open_level(context, false);
}

static int on_start_array(void *context) {
        return open_level(context, true);
}

static int on_map_key(void *context, const unsigned char *key, size_t len) {
        Parsing *parsing = context;
        const char *text = (const char *)key;
        bool inside = text >= parsing->text && text < parsing->text + parsing->len;

        if (parsing->raw)
                return 1;

        if (memchr(text, '\0', len)) {
                parsing->raw = true;
                parsing->building = false;
                return 1;
        }

        /* An escaped key has been put together in memory that the parser uses again. */
        return json_keys_add(&parsing->keys, text, len, inside) == 0;
}

static int close_level(Parsing *parsing) {
        Level *level;
        bson_t *parent;
        bool ok;

        parsing->depth--;
        if (!parsing->building)
                return 1;

        level = &parsing->levels[parsing->depth];
        parent = parsing->depth > 0 ? &parsing->levels[parsing->depth - 1].bson : parsing->bson;
        ok = level->array ? bson_append_array_end(parent, &level->bson)
                          : bson_append_document_end(parent, &level->bson);
        return appended(parsing, ok);
}

static int on_end_map(void *context) {
        Parsing *parsing = context;

        if (parsing->raw)
                return 1;

        if (json_keys_close(&parsing->keys, parsing->levels[parsing->depth - 1].first_key)) {
                parsing->equal_keys = true;
                parsing->building = false;
        }

        return close_level(parsing);
}

static int on_end_array(void *context) {
        Parsing *parsing = context;

        return parsing->raw ? 1 : close_level(parsing);
}

static const yajl_callbacks callbacks = {
        .yajl_null = on_null,
        .yajl_boolean = on_boolean,
        .yajl_number = on_number,
        .yajl_string = on_string,
        .yajl_start_map = on_start_map,
        .yajl_map_key = on_map_key,
        .yajl_end_map = on_end_map,
        .yajl_start_array = on_start_array,
        .yajl_end_array = on_end_array,
};

/* Not by an initializer, which would clear the levels: for a small body that costs as much as reading it. */
static void parsing_init(Parsing *parsing, const char *text, size_t len, bson_t *bson) {
        parsing->text = text;
        parsing->len = len;
        parsing->raw = json_text_lone_surrogate(text, len) != NULL;
        parsing->equal_keys = false;
        parsing->building = bson && !parsing->raw;
        parsing->full = false;
        parsing->bson = bson;
        parsing->keys = (JsonKeys)JSON_KEYS_INIT;
        parsing->depth = 0;
}

static void parsing_deinit(Parsing *parsing) {
        json_keys_deinit(&parsing->keys);
}

static void yajl_handle_freep(yajl_handle *handle) {
        if (*handle)
                yajl_free(*handle);
}

/* The parser's own words, in one line. @ended: it stumbled over the end of the text. */
static void describe(yajl_handle handle, bool ended, size_t at, char *error, size_t error_size) {
        unsigned char *words = yajl_get_error(handle, 0, NULL, 0);

        if (!words)
                return;

        words[strcspn((char *)words, "\n")] = '\0';
        if (ended && strncmp((char *)words, "lexical", strlen("lexical")) == 0)
                snprintf(error, error_size, "parse error: premature EOF, at byte %zu", at);
        else
                snprintf(error, error_size, "%s, at byte %zu", words, at);
        yajl_free_error(handle, words);
}

/* Reads all of the body. Returns 0, JSON_BODY_E_INVALID, or a negative code. */
static int parse(Parsing *parsing, char *error, size_t error_size) {
        _cleanup_(yajl_handle_freep) yajl_handle handle = NULL;
        yajl_status status;
        bool ended;
        size_t at;

        handle = yajl_alloc(&callbacks, NULL, parsing);
        if (!handle)
                return -ENOMEM;

        (void)yajl_config(handle, yajl_dont_validate_strings, 1); /* the whole text has been looked at */
        status = yajl_parse(handle, (const unsigned char *)parsing->text, parsing->len);
        ended = status == yajl_status_ok;
        at = ended ? parsing->len : yajl_get_bytes_consumed(handle);

        /* Half a token behind the value would be overlooked: an end of line is no part of any token. */
        if (ended)
                status = yajl_parse(handle, (const unsigned char *)"\n", 1);
        if (status == yajl_status_ok)
                status = yajl_complete_parse(handle);

        if (status == yajl_status_client_canceled)
                return parsing->full ? -EFBIG : -ENOMEM;
        if (status == yajl_status_error) {
                describe(handle, ended, at, error, error_size);
                return JSON_BODY_E_INVALID;
        }

        return 0;
}

/* @bson: emptied here, and filled where 0 is returned without equal keys; NULL: not wanted. */
static int read_text(
        const char *text, size_t len, bson_t *bson, bool *ret_equal_keys, char *error, size_t error_size) {
        _cleanup_(parsing_deinit) Parsing parsing;
        int r;

        parsing_init(&parsing, text, len, bson);
        r = parse(&parsing, error, error_size);
        if (r)
                return r;
        if (parsing.raw)
                return JSON_BODY_E_RAW;

        *ret_equal_keys = parsing.equal_keys;
        return 0;
}

static int read_rewritten(const char *text, size_t len, JsonBody *body, char *error, size_t error_size) {
        bool equal_keys;
        int r;

        r = json_rewrite(text, len, &body->rewritten, &body->rewritten_len);
        if (r || !body->bson)
                return r;

        bson_destroy(body->bson); /* left where the first equal key was met: it cannot be used again */
        body->bson = bson_sized_new(len);
        return read_text(body->rewritten, body->rewritten_len, body->bson, &equal_keys, error, error_size);
}

int json_body_parse(
        const char *text, size_t len, bool want_bson, JsonBody *ret_body, char *error, size_t error_size) {
        _cleanup_(json_body_deinit) JsonBody body = {};
        const char *complaint;
        size_t offset;
        bool equal_keys;
        int r;

        if (len > INT32_MAX)
                return error_trace(-EFBIG);

        if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
                body.skip = 3;

        complaint = json_text_complaint(text + body.skip, len - body.skip, &offset);
        if (complaint) {
                snprintf(error, error_size, "%s", complaint);
                return JSON_BODY_E_INVALID;
        }

        if (want_bson)
                body.bson = bson_sized_new(len);

        r = read_text(text + body.skip, len - body.skip, body.bson, &equal_keys, error, error_size);
        if (r == 0 && equal_keys)
                r = read_rewritten(text + body.skip, len - body.skip, &body, error, error_size);
        if (r == JSON_BODY_E_RAW)
                *ret_body = (JsonBody) { .skip = body.skip };
        if (r)
                return error_trace(r);

        *ret_body = body;
        body = (JsonBody) {};
        return 0;
}

void json_body_deinit(JsonBody *body) {
        if (body->bson)
                bson_destroy(body->bson);
        free(body->rewritten);
        *body = (JsonBody) {};
}
