#pragma once

#include <stddef.h>
#include <stdint.h>

#include "tests/testapi/bytes.h"

/*
 * How often each id was asked for, for a million of them and more.
 *
 * Entries stand in one array in the order of their first request, so that a listing can go on by
 * index while new ones arrive. Beside it an open-addressing table (linear probing, a power of two of
 * slots, at most half of them used) holds 1 + index; an entry keeps its hash, so that growing reads
 * no key. Keys lie in blocks that never move. About 24 + 8 bytes an id, and the id.
 */

typedef struct Ids Ids;
typedef struct IdsEntry IdsEntry;
typedef struct IdsBlock IdsBlock;

struct IdsEntry {
        uint64_t hash;
        const char *key;
        uint32_t len;
        uint32_t n;
};

/* Zeroed is a valid empty one. */
struct Ids {
        IdsEntry *entries;
        size_t n_entries;
        size_t size;
        uint32_t *slots;
        size_t n_slots;
        IdsBlock *blocks; /* the newest first */
};

/* Stable over runs and machines, so that `fail=` always picks the same ids. */
uint64_t ids_hash(Text id);

/* Counts one request. @ret_n: how many there were, with this one. Returns 0 or -ENOMEM. */
int ids_add(Ids *ids, Text id, uint64_t hash, uint32_t *ret_n);

void ids_deinit(Ids *ids);
