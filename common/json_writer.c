/*
 * JSON as text. yajl writes it, into a buffer of our own: yajl's does not check for memory, and strings are
 * repaired before it sees them.
 */

#include "common/json.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <yajl/yajl_gen.h>

#include "common/json_tree.h"
#include "common/utf8.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

struct JsonWriter {
        yajl_gen gen;
        bool pretty;
        bool failed;  /* memory ran out, or a call made no sense: no text until it is cleared */
        size_t depth; /* of open arrays and objects */
        char *text;
        size_t len, allocated; /* of the text, without its NUL */
};

/* yajl's output; it has no way to fail, so failure is noted. */
static void append(void *userdata, const char *text, size_t len) {
        JsonWriter *writer = userdata;

        if (writer->failed)
                return;

        if (writer->allocated - writer->len <= len) {
                size_t allocated = 2 * writer->allocated + len + 64;
                char *grown = realloc(writer->text, allocated);

                if (!grown) {
                        writer->failed = true;
                        return;
                }
                writer->text = grown;
                writer->allocated = allocated;
        }

        memcpy(writer->text + writer->len, text, len);
        writer->len += len;
        writer->text[writer->len] = '\0';
}

JsonWriter *json_writer_new(bool pretty) {
        _cleanup_(json_writer_freep) JsonWriter *writer = NULL;

        writer = calloc(1, sizeof(*writer));
        if (!writer)
                return NULL;

        writer->gen = yajl_gen_alloc(NULL);
        if (!writer->gen)
                return NULL;

        writer->pretty = pretty;
        yajl_gen_config(writer->gen, yajl_gen_print_callback, append, writer);
        yajl_gen_config(writer->gen, yajl_gen_beautify, pretty ? 1 : 0);
        yajl_gen_config(writer->gen, yajl_gen_indent_string, "  ");

        append(writer, "", 0); /* so that there is a text, empty, from the beginning */
        if (writer->failed)
                return NULL;

        return TAKE_PTR(writer);
}

JsonWriter *json_writer_free(JsonWriter *writer) {
        if (!writer)
                return NULL;

        if (writer->gen)
                yajl_gen_free(writer->gen);
        free(writer->text);
        free(writer);
        return NULL;
}

static void note(JsonWriter *writer, yajl_gen_status status) {
        if (status != yajl_gen_status_ok)
                writer->failed = true;
}

/* Before each value: one that stands by itself begins a new line, which yajl wants to be told. */
static yajl_gen begin(JsonWriter *writer) {
        if (writer->depth == 0 && writer->len > 0)
                yajl_gen_reset(writer->gen, writer->pretty ? NULL : "\n");

        return writer->gen;
}

void json_open_object(JsonWriter *writer) {
        note(writer, yajl_gen_map_open(begin(writer)));
        writer->depth++;
}

void json_close_object(JsonWriter *writer) {
        note(writer, yajl_gen_map_close(writer->gen));
        writer->depth--;
}

void json_open_array(JsonWriter *writer) {
        note(writer, yajl_gen_array_open(begin(writer)));
        writer->depth++;
}

void json_close_array(JsonWriter *writer) {
        note(writer, yajl_gen_array_close(writer->gen));
        writer->depth--;
}

void json_key(JsonWriter *writer, const char *key) {
        json_put_string(writer, key);
}

void json_put_string(JsonWriter *writer, const char *string) {
        if (string)
                json_put_string_n(writer, string, strlen(string));
        else
                json_put_null(writer);
}

/* A copy of @string with U+FFFD for each byte that is not UTF-8; NULL without memory. */
static char *repair(const char *string, size_t len, size_t *ret_len) {
        char *copy = malloc(len * strlen(REPLACEMENT) + 1), *out = copy;

        if (!copy)
                return NULL;

        for (size_t i = 0; i < len;) {
                size_t span = utf8_span(string + i, len - i);

                out = mempcpy(out, string + i, span);
                i += span;
                if (i < len) {
                        out = mempcpy(out, REPLACEMENT, strlen(REPLACEMENT));
                        i++;
                }
        }

        *ret_len = (size_t)(out - copy);
        return copy;
}

void json_put_string_n(JsonWriter *writer, const char *string, size_t len) {
        _cleanup_free_ char *repaired = NULL;
        yajl_gen gen = begin(writer);

        if (utf8_span(string, len) < len) {
                repaired = repair(string, len, &len);
                if (!repaired) {
                        writer->failed = true;
                        return;
                }
                string = repaired;
        }

        note(writer, yajl_gen_string(gen, (const unsigned char *)string, len));
}

void json_put_int(JsonWriter *writer, int64_t value) {
        note(writer, yajl_gen_integer(begin(writer), value));
}

void json_put_uint(JsonWriter *writer, uint64_t value) {
        char text[32];
        int len = snprintf(text, sizeof(text), "%ju", (uintmax_t)value);

        json_put_raw(writer, text, (size_t)len);
}

void json_put_double(JsonWriter *writer, double value) {
        char text[32];

        if (!isfinite(value)) {
                json_put_null(writer);
                return;
        }

        json_format_double(value, text);
        json_put_raw(writer, text, strlen(text));
}

void json_put_bool(JsonWriter *writer, bool value) {
        note(writer, yajl_gen_bool(begin(writer), value));
}

void json_put_null(JsonWriter *writer) {
        note(writer, yajl_gen_null(begin(writer)));
}

void json_put_raw(JsonWriter *writer, const char *text, size_t len) {
        note(writer, yajl_gen_number(begin(writer), text, len));
}

static void put_members(JsonWriter *writer, const JsonValue *object) {
        json_open_object(writer);
        for (size_t i = 0; i < object->n; i++) {
                json_key(writer, object->keys[i].name);
                json_put_value(writer, &object->items[i]);
        }
        json_close_object(writer);
}

static void put_items(JsonWriter *writer, const JsonValue *array) {
        json_open_array(writer);
        for (size_t i = 0; i < array->n; i++)
                json_put_value(writer, &array->items[i]);
        json_close_array(writer);
}

void json_put_value(JsonWriter *writer, const JsonValue *value) {
        switch (value->type) {
        case JSON_NULL:
                json_put_null(writer);
                break;
        case JSON_BOOL:
                json_put_bool(writer, value->boolean);
                break;
        case JSON_NUMBER:
                json_put_raw(writer, value->text, value->n);
                break;
        case JSON_STRING:
                json_put_string_n(writer, value->text, value->n);
                break;
        case JSON_ARRAY:
                put_items(writer, value);
                break;
        case JSON_OBJECT:
                put_members(writer, value);
                break;
        }
}

char *json_dump(const JsonValue *value) {
        _cleanup_(json_writer_freep) JsonWriter *writer = NULL;

        writer = json_writer_new(false);
        if (!writer)
                return NULL;

        json_put_value(writer, value);
        return writer->failed ? NULL : TAKE_PTR(writer->text);
}

void json_member_string(JsonWriter *writer, const char *key, const char *string) {
        json_key(writer, key);
        json_put_string(writer, string);
}

void json_member_int(JsonWriter *writer, const char *key, int64_t value) {
        json_key(writer, key);
        json_put_int(writer, value);
}

void json_member_uint(JsonWriter *writer, const char *key, uint64_t value) {
        json_key(writer, key);
        json_put_uint(writer, value);
}

void json_member_double(JsonWriter *writer, const char *key, double value) {
        json_key(writer, key);
        json_put_double(writer, value);
}

void json_member_bool(JsonWriter *writer, const char *key, bool value) {
        json_key(writer, key);
        json_put_bool(writer, value);
}

void json_member_null(JsonWriter *writer, const char *key) {
        json_key(writer, key);
        json_put_null(writer);
}

const char *json_writer_text(const JsonWriter *writer, size_t *ret_len) {
        if (writer->failed)
                return NULL;

        if (ret_len)
                *ret_len = writer->len;
        return writer->text;
}

void json_writer_clear(JsonWriter *writer) {
        yajl_gen_reset(writer->gen, NULL);
        writer->failed = false;
        writer->depth = 0;
        writer->len = 0;
        writer->text[0] = '\0';
}

static bool reads_back(double value, int precision, char *text) {
        snprintf(text, 32, "%.*g", precision, value);
        return strtod(text, NULL) == value;
}

char *json_format_double(double value, char *text) {
        int precision;

        /* %g would write 1e+06 for a million, which nobody expects of a whole number. */
        if (value == trunc(value) && fabs(value) < 1e15) {
                snprintf(text, 32, "%.0f", value);
                return text;
        }

        /* 17 digits are always enough; where 15 are not, fewer need not be tried. */
        precision = reads_back(value, 15, text) ? 1 : 16;
        while (!reads_back(value, precision, text) && precision < 17)
                precision++;

        return text;
}
