#pragma once

#include <bson/bson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A BSON _id as bytes whose memcmp() order is BSON's order, and which are equal just where the _ids
 * are: 1 and 1.0 have the same key. Keys are stored, so their form never changes. Pure, any thread.
 *
 * Form: one byte for the bracket of types, then: numbers as sign, decimal exponent and digits; texts
 * with their NULs escaped and an end; documents element by element; the rest as fixed-width, big-endian.
 */

typedef struct SqliteKey SqliteKey;

struct SqliteKey {
        uint8_t *bytes; /* owned; NULL before the first use */
        size_t len;
        size_t size;
        bool out_of_memory;
};

#define SQLITE_KEY_INIT                                                                                      \
        {}

/* Replaces what @key held. Returns 0, or -ENOMEM with @key undefined but fit for another use. */
int sqlite_key_set(SqliteKey *key, const bson_value_t *id);

/* The same with bytes that are a key already. */
int sqlite_key_copy(SqliteKey *key, const void *bytes, size_t len);

void sqlite_key_deinit(SqliteKey *key);
