#pragma once

#include <stddef.h>

#include "common/json.h"

/* The nodes behind json.h, for json.c, which builds them, and json_value.c, which reads them. */

typedef struct JsonKey JsonKey;

struct JsonKey {
        char *name;
        size_t line; /* where it stood, for the error about equal ones */
};

struct JsonValue {
        JsonType type;
        bool boolean;
        char *text;       /* JSON_STRING, JSON_NUMBER */
        size_t n;         /* bytes of the text; members */
        size_t allocated; /* room in the arrays below */
        JsonValue *items; /* JSON_ARRAY, JSON_OBJECT */
        JsonKey *keys;    /* JSON_OBJECT; there is one more than `n` while the last one's value is awaited */
};
