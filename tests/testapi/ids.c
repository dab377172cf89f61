/* Counts requests by id. */

#include "tests/testapi/ids.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define IDS_BLOCK_SIZE ((size_t)64 << 10)
#define IDS_SIZE_MIN ((size_t)512)

struct IdsBlock {
        IdsBlock *next;
        size_t used;
        size_t size;
        char keys[];
};

/* FNV-1a, with a last mix because the table looks at the low bits only. */
uint64_t ids_hash(Text id) {
        uint64_t hash = UINT64_C(0xcbf29ce484222325);

        for (size_t i = 0; i < id.len; i++)
                hash = (hash ^ (unsigned char)id.data[i]) * UINT64_C(0x100000001b3);

        hash ^= hash >> 33;
        hash *= UINT64_C(0xff51afd7ed558ccd);
        return hash ^ (hash >> 33);
}

/* The slot of this id, or the empty one where it belongs. */
static uint32_t *ids_slot(const Ids *ids, Text id, uint64_t hash) {
        size_t mask = ids->n_slots - 1;

        for (size_t i = hash & mask;; i = (i + 1) & mask) {
                uint32_t *slot = &ids->slots[i];
                const IdsEntry *entry;

                if (!*slot)
                        return slot;

                entry = &ids->entries[*slot - 1];
                if (entry->hash == hash && text_equal((Text) { entry->key, entry->len }, id))
                        return slot;
        }
}

static int ids_grow(Ids *ids) {
        size_t size = ids->size ? ids->size * 2 : IDS_SIZE_MIN, n_slots = size * 2;
        _cleanup_free_ uint32_t *slots = NULL;
        IdsEntry *entries;

        if (size >= UINT32_MAX)
                return -ENOMEM;

        slots = calloc(n_slots, sizeof(*slots));
        if (!slots)
                return -ENOMEM;

        entries = realloc(ids->entries, size * sizeof(*entries));
        if (!entries)
                return -ENOMEM;

        for (size_t i = 0; i < ids->n_entries; i++) {
                size_t k = entries[i].hash & (n_slots - 1);

                while (slots[k])
                        k = (k + 1) & (n_slots - 1);
                slots[k] = (uint32_t)i + 1;
        }

        free(ids->slots);
        ids->slots = TAKE_PTR(slots);
        ids->n_slots = n_slots;
        ids->entries = entries;
        ids->size = size;
        return 0;
}

static const char *ids_keep_key(Ids *ids, Text id) {
        IdsBlock *block = ids->blocks;
        char *key;

        if (!block || block->size - block->used < id.len) {
                size_t size = id.len > IDS_BLOCK_SIZE ? id.len : IDS_BLOCK_SIZE;

                block = malloc(sizeof(*block) + size);
                if (!block)
                        return NULL;

                *block = (IdsBlock) { .next = ids->blocks, .size = size };
                ids->blocks = block;
        }

        key = block->keys + block->used;
        if (id.len > 0)
                memcpy(key, id.data, id.len);
        block->used += id.len;
        return key;
}

int ids_add(Ids *ids, Text id, uint64_t hash, uint32_t *ret_n) {
        uint32_t *slot;
        const char *key;
        int r;

        if (ids->n_entries == ids->size) {
                r = ids_grow(ids);
                if (r)
                        return r;
        }

        slot = ids_slot(ids, id, hash);
        if (*slot) {
                *ret_n = ++ids->entries[*slot - 1].n;
                return 0;
        }

        key = ids_keep_key(ids, id);
        if (!key)
                return -ENOMEM;

        ids->entries[ids->n_entries] =
                (IdsEntry) { .hash = hash, .key = key, .len = (uint32_t)id.len, .n = 1 };
        *slot = (uint32_t)++ids->n_entries;
        *ret_n = 1;
        return 0;
}

void ids_deinit(Ids *ids) {
        while (ids->blocks) {
                IdsBlock *next = ids->blocks->next;

                free(ids->blocks);
                ids->blocks = next;
        }

        free(ids->entries);
        free(ids->slots);
        *ids = (Ids) {};
}
