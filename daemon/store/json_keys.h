#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The keys of the objects that are open while JSON is read, to find equal ones without comparing all
 * pairs: n log n comparisons an object, whoever chose the keys. Pure, one thread at a time.
 */

#define JSON_DEPTH_MAX 90 /* objects and arrays in each other, as BSON holds them with room to spare */

typedef struct JsonKey JsonKey;
typedef struct JsonKeys JsonKeys;

struct JsonKey {
        uint64_t hash;
        const char *text; /* unescaped; in the body, or a copy */
        size_t len;
        bool copied;
};

struct JsonKeys {
        JsonKey *keys; /* of all open objects, the innermost one's last */
        size_t n;
        size_t n_allocated;
};

#define JSON_KEYS_INIT                                                                                       \
        {}

/*
 * Adds a key of the innermost object. @lasts: the text outlives the object, else it is copied.
 * Returns 0 or -ENOMEM.
 */
int json_keys_add(JsonKeys *keys, const char *text, size_t len, bool lasts);

/* Closes the innermost object, whose keys begin at index @first. Returns whether two were equal. */
bool json_keys_close(JsonKeys *keys, size_t first);

/* 0 where both keys are the same text; else an order that has no meaning. */
int json_key_compare(const JsonKey *a, const JsonKey *b);

void json_keys_deinit(JsonKeys *keys);
