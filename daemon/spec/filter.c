/* A MongoDB filter from JSON: operators stay what they are, and values are left to libbson. */

#include "daemon/spec/filter.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/alloc.h"

#define INDEX_SIZE 24 /* of an array's key */

static int append_value(bson_t *document, const char *key, const JsonValue *value, UserError *error);

/* Objects with such a key are one value. */
static bool is_type_word(const char *key) {
        static const char *const words[] = {
                "$binary",
                "$code",
                "$date",
                "$dbPointer",
                "$maxKey",
                "$minKey",
                "$oid",
                "$numberInt",
                "$numberDecimal",
                "$numberLong",
                "$numberDouble",
                "$regularExpression",
                "$symbol",
                "$timestamp",
                "$undefined",
                "$uuid",
        };

        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                if (strcmp(key, words[i]) == 0)
                        return true;

        return false;
}

static bool is_string(const JsonValue *value) {
        return value && json_type(value) == JSON_STRING;
}

/* {"$regex": "x", "$options": "i"} and nothing beside: in $in, say, only a value will do. */
static bool is_regex(const JsonValue *object) {
        size_t n = json_size(object);

        return is_string(json_get(object, "$regex")) &&
               (n == 1 || (n == 2 && is_string(json_get(object, "$options"))));
}

static bool is_value(const JsonValue *object) {
        for (size_t i = 0; i < json_size(object); i++)
                if (is_type_word(json_key_at(object, i)))
                        return true;

        return is_regex(object);
}

/* libbson reads documents only, so the value becomes the one member of one. */
static int append_extended(bson_t *document, const char *key, const JsonValue *value, UserError *error) {
        _cleanup_free_ char *dump = json_dump(value), *text = NULL;
        bson_error_t failure;
        bson_iter_t iter;
        bson_t *wrapped;
        bool appended;

        if (!dump || asprintf(&text, "{\"v\":%s}", dump) < 0) {
                text = NULL;
                return -ENOMEM;
        }

        wrapped = bson_new_from_json((const uint8_t *)text, -1, &failure);
        if (!wrapped)
                return user_error_set(
                        error, "filter", NULL, "not MongoDB Extended JSON: %s", failure.message);

        appended = bson_iter_init_find(&iter, wrapped, "v") && bson_append_iter(document, key, -1, &iter);
        bson_destroy(wrapped);
        return appended ? 0 : -ENOMEM;
}

static int append_number(bson_t *document, const char *key, const JsonValue *value, UserError *error) {
        const char *text = json_number_text(value);
        double number = strtod(text, NULL);
        bool appended;
        int64_t whole;

        if (strpbrk(text, ".eE") && isfinite(number))
                appended = bson_append_double(document, key, -1, number);
        else if (strpbrk(text, ".eE") || json_int(value, &whole))
                return user_error_set(error, "filter", "write {\"$numberDecimal\": \"...\"}",
                        "%.60s is out of range", text);
        else if (whole == (int32_t)whole)
                appended = bson_append_int32(document, key, -1, (int32_t)whole);
        else
                appended = bson_append_int64(document, key, -1, whole);

        return appended ? 0 : -ENOMEM;
}

static int append_members(bson_t *document, const JsonValue *object, UserError *error) {
        for (size_t i = 0; i < json_size(object); i++) {
                int r = append_value(document, json_key_at(object, i), json_at(object, i), error);

                if (r)
                        return r;
        }

        return 0;
}

static int append_object(bson_t *document, const char *key, const JsonValue *object, UserError *error) {
        bson_t child;
        int r;

        if (is_value(object))
                return append_extended(document, key, object, error);

        if (!bson_append_document_begin(document, key, -1, &child))
                return -ENOMEM;

        r = append_members(&child, object, error);
        return bson_append_document_end(document, &child) ? r : -ENOMEM;
}

static int append_array(bson_t *document, const char *key, const JsonValue *array, UserError *error) {
        char index[INDEX_SIZE];
        bson_t child;
        int r = 0;

        if (!bson_append_array_begin(document, key, -1, &child))
                return -ENOMEM;

        for (size_t i = 0; !r && i < json_size(array); i++) {
                snprintf(index, sizeof(index), "%zu", i);
                r = append_value(&child, index, json_at(array, i), error);
        }

        return bson_append_array_end(document, &child) ? r : -ENOMEM;
}

static int append_value(bson_t *document, const char *key, const JsonValue *value, UserError *error) {
        bool appended = false;

        switch (json_type(value)) {
        case JSON_OBJECT:
                return append_object(document, key, value, error);
        case JSON_ARRAY:
                return append_array(document, key, value, error);
        case JSON_NUMBER:
                return append_number(document, key, value, error);
        case JSON_STRING:
                appended = bson_append_utf8(document, key, -1, json_string(value), (int)json_size(value));
                break;
        case JSON_BOOL:
                appended = bson_append_bool(document, key, -1, json_bool(value));
                break;
        case JSON_NULL:
                appended = bson_append_null(document, key, -1);
                break;
        }

        return appended ? 0 : -ENOMEM;
}

int filter_parse(const JsonValue *object, bson_t **ret_filter, UserError *error) {
        bson_t *filter = bson_new();
        int r;

        r = append_members(filter, object, error);
        if (r) {
                bson_destroy(filter);
                return r;
        }

        *ret_filter = filter;
        return 0;
}
