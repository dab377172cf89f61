/* Reading a tree of JSON. */

#include <errno.h>
#include <math.h>
#include <string.h>

#include "common/json_tree.h"

JsonType json_type(const JsonValue *value) {
        return value->type;
}

const char *json_type_name(JsonType type) {
        static const char *const names[] = {
                [JSON_NULL] = "null",
                [JSON_BOOL] = "true or false",
                [JSON_NUMBER] = "a number",
                [JSON_STRING] = "a string",
                [JSON_ARRAY] = "an array",
                [JSON_OBJECT] = "an object",
        };

        return names[type];
}

bool json_bool(const JsonValue *value) {
        return value->boolean;
}

const char *json_string(const JsonValue *value) {
        return value->text;
}

const char *json_number_text(const JsonValue *value) {
        return value->text;
}

size_t json_size(const JsonValue *value) {
        return value->n;
}

JsonValue *json_at(const JsonValue *value, size_t i) {
        return &value->items[i];
}

const char *json_key_at(const JsonValue *value, size_t i) {
        return value->keys[i].name;
}

JsonValue *json_get(const JsonValue *value, const char *key) {
        if (!value || value->type != JSON_OBJECT)
                return NULL;

        for (size_t i = 0; i < value->n; i++)
                if (strcmp(value->keys[i].name, key) == 0)
                        return &value->items[i];

        return NULL;
}

/* The member of that name if it is of @type, else NULL. */
static const JsonValue *get_typed(const JsonValue *value, const char *key, JsonType type) {
        const JsonValue *member = json_get(value, key);

        return member && member->type == type ? member : NULL;
}

const char *json_get_string(const JsonValue *value, const char *key, const char *fallback) {
        const JsonValue *member = get_typed(value, key, JSON_STRING);

        return member ? member->text : fallback;
}

int64_t json_get_int(const JsonValue *value, const char *key, int64_t fallback) {
        const JsonValue *member = get_typed(value, key, JSON_NUMBER);
        int64_t number;

        return member && json_int(member, &number) == 0 ? number : fallback;
}

double json_get_double(const JsonValue *value, const char *key, double fallback) {
        const JsonValue *member = get_typed(value, key, JSON_NUMBER);

        return member ? strtod(member->text, NULL) : fallback;
}

bool json_get_bool(const JsonValue *value, const char *key, bool fallback) {
        const JsonValue *member = get_typed(value, key, JSON_BOOL);

        return member ? member->boolean : fallback;
}

int json_int(const JsonValue *value, int64_t *ret_int) {
        long long integer;
        double number;
        char *end;

        if (value->type != JSON_NUMBER)
                return -EINVAL;

        errno = 0;
        integer = strtoll(value->text, &end, 10);
        if (errno)
                return -EINVAL;

        if (*end) { /* 5.0 and 1e3 are whole as well; beyond 2^53 a double no longer tells */
                number = strtod(value->text, NULL);
                if (number != trunc(number) || fabs(number) > 0x1p53)
                        return -EINVAL;
                integer = (long long)number;
        }

        *ret_int = integer;
        return 0;
}
