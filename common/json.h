#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/alloc.h"
#include "common/error.h"

/*
 * JSON as a tree for what is small (calls, replies, job files), and a writer for everything that is printed.
 * yajl does both; only json.c and json_writer.c know. Response bodies never come here
 * (daemon/store/json_bson.h). No locale but one with a decimal point (LC_NUMERIC is left alone). No state
 * beyond the objects: any thread, one at a time for each object.
 */

typedef struct JsonValue JsonValue; /* a node; all nodes of a tree live until json_free() of its root */
typedef struct JsonWriter JsonWriter;

typedef enum JsonType {
        JSON_NULL,
        JSON_BOOL,
        JSON_NUMBER,
        JSON_STRING,
        JSON_ARRAY,
        JSON_OBJECT,
} JsonType;

#define JSON_DEPTH_MAX 64

/*
 * Parses one JSON text (RFC 8259) of at most JSON_DEPTH_MAX levels. Equal keys in one object are refused, and
 * so are half surrogate pairs and NUL in a key. The tree belongs to the caller.
 * Returns 0; -EINVAL with @error filled (`where` is "line 3"); -ENOMEM.
 */
int json_parse(const char *text, size_t len, JsonValue **ret_root, UserError *error);
JsonValue *json_free(JsonValue *root);
DEFINE_FREEP(JsonValue, json);

JsonType json_type(const JsonValue *value);
const char *json_type_name(JsonType type); /* "a number", "an object": for error texts */

/* Each wants a value of its type; what they return lives as long as the tree. */
bool json_bool(const JsonValue *value);
const char *json_string(const JsonValue *value);      /* NUL-terminated UTF-8; a \u0000 inside cuts it */
const char *json_number_text(const JsonValue *value); /* as written */
size_t json_size(const JsonValue *value); /* members of an array or object; bytes of a string, NULs counted */
JsonValue *json_at(const JsonValue *value, size_t i); /* of an array or object: the i-th value */
const char *json_key_at(const JsonValue *value, size_t i);

/* The member of that name, or NULL; also NULL when @value is NULL or no object. */
JsonValue *json_get(const JsonValue *value, const char *key);

/* The string or the whole number in that member; the fallback if it is absent, null or of another type. */
const char *json_get_string(const JsonValue *value, const char *key, const char *fallback);
int64_t json_get_int(const JsonValue *value, const char *key, int64_t fallback);
double json_get_double(const JsonValue *value, const char *key, double fallback);
bool json_get_bool(const JsonValue *value, const char *key, bool fallback);

/* -EINVAL unless @value is a number without fraction that fits; 1e3 and 5.0 are such numbers. */
int json_int(const JsonValue *value, int64_t *ret_int);

/* The tree as text again, on one line, numbers as they were written. To be freed; NULL without memory. */
char *json_dump(const JsonValue *value);

/*
 * Writes JSON texts, one on a line, into a growing buffer. Memory running out is remembered and told by
 * json_writer_text(); the calls between need no checks. Strings that are not UTF-8 get U+FFFD for the bad
 * bytes. Up to 127 levels.
 */
JsonWriter *json_writer_new(bool pretty);
JsonWriter *json_writer_free(JsonWriter *writer);
DEFINE_FREEP(JsonWriter, json_writer);

void json_open_object(JsonWriter *writer);
void json_close_object(JsonWriter *writer);
void json_open_array(JsonWriter *writer);
void json_close_array(JsonWriter *writer);
void json_key(JsonWriter *writer, const char *key);

void json_put_string(JsonWriter *writer, const char *string); /* NULL: null */
void json_put_string_n(JsonWriter *writer, const char *string, size_t len);
void json_put_int(JsonWriter *writer, int64_t value);
void json_put_uint(JsonWriter *writer, uint64_t value);
void json_put_double(JsonWriter *writer, double value); /* shortest exact; null for what JSON cannot say */
void json_put_bool(JsonWriter *writer, bool value);
void json_put_null(JsonWriter *writer);
void json_put_value(JsonWriter *writer, const JsonValue *value);

/* @text is one valid JSON value and is put in as it stands. */
void json_put_raw(JsonWriter *writer, const char *text, size_t len);

/* key and value in one call */
void json_member_string(JsonWriter *writer, const char *key, const char *string);
void json_member_int(JsonWriter *writer, const char *key, int64_t value);
void json_member_uint(JsonWriter *writer, const char *key, uint64_t value);
void json_member_double(JsonWriter *writer, const char *key, double value);
void json_member_bool(JsonWriter *writer, const char *key, bool value);
void json_member_null(JsonWriter *writer, const char *key);

/*
 * What has been written so far, NUL-terminated, valid until the next call on @writer. NULL if memory ran out
 * (or the calls made no JSON: a value without its key, say).
 * @ret_len may be NULL.
 */
const char *json_writer_text(const JsonWriter *writer, size_t *ret_len);

/* Forgets the text and begins anew; the memory is kept. */
void json_writer_clear(JsonWriter *writer);

/* The shortest text that reads back as exactly @value; @text has 32 bytes. Returns @text. */
char *json_format_double(double value, char *text);
