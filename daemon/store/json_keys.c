/* Finds equal keys of one object; a server may send many of them, and choose them badly on purpose. */

#include "daemon/store/json_keys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FEW_KEYS 32 /* up to here comparing the hashes of all pairs is cheaper than sorting */

static uint64_t hash_mix(uint64_t hash, uint64_t word) {
        hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        return hash ^ (hash >> 32);
}

/* Collisions only cost time: what has the same hash is compared. */
static uint64_t hash_text(const char *text, size_t len) {
        uint64_t hash = len, word;

        for (; len >= sizeof(word); text += sizeof(word), len -= sizeof(word)) {
                memcpy(&word, text, sizeof(word));
                hash = hash_mix(hash, word);
        }

        word = 0;
        memcpy(&word, text, len);
        return hash_mix(hash, word);
}

static int grow(JsonKeys *keys) {
        size_t n_allocated = keys->n_allocated ? 2 * keys->n_allocated : 64;
        JsonKey *grown;

        grown = reallocarray(keys->keys, n_allocated, sizeof(*grown));
        if (!grown)
                return -ENOMEM;

        keys->keys = grown;
        keys->n_allocated = n_allocated;
        return 0;
}

int json_keys_add(JsonKeys *keys, const char *text, size_t len, bool lasts) {
        JsonKey key = { .hash = hash_text(text, len), .text = text, .len = len, .copied = !lasts };

        if (keys->n == keys->n_allocated && grow(keys))
                return -ENOMEM;

        if (!lasts) {
                char *copy = malloc(len + 1);

                if (!copy)
                        return -ENOMEM;
                memcpy(copy, text, len);
                key.text = copy;
        }

        keys->keys[keys->n++] = key;
        return 0;
}

int json_key_compare(const JsonKey *a, const JsonKey *b) {
        if (a->hash != b->hash)
                return a->hash < b->hash ? -1 : 1;
        if (a->len != b->len)
                return a->len < b->len ? -1 : 1;

        return a->len > 0 ? memcmp(a->text, b->text, a->len) : 0;
}

static int compare_for_sort(const void *a, const void *b) {
        return json_key_compare(a, b);
}

static bool any_pair_equal(const JsonKey *keys, size_t n) {
        for (size_t i = 1; i < n; i++)
                for (size_t j = 0; j < i; j++)
                        if (keys[i].hash == keys[j].hash && json_key_compare(&keys[i], &keys[j]) == 0)
                                return true;

        return false;
}

static bool any_neighbours_equal(JsonKey *keys, size_t n) {
        qsort(keys, n, sizeof(*keys), compare_for_sort);
        for (size_t i = 1; i < n; i++)
                if (json_key_compare(&keys[i - 1], &keys[i]) == 0)
                        return true;

        return false;
}

static void drop_from(JsonKeys *keys, size_t first) {
        while (keys->n > first) {
                keys->n--;
                if (keys->keys[keys->n].copied)
                        free((char *)keys->keys[keys->n].text);
        }
}

bool json_keys_close(JsonKeys *keys, size_t first) {
        size_t n = keys->n - first;
        bool equal;

        if (n < 2)
                equal = false;
        else if (n <= FEW_KEYS)
                equal = any_pair_equal(keys->keys + first, n);
        else
                equal = any_neighbours_equal(keys->keys + first, n);

        drop_from(keys, first);
        return equal;
}

void json_keys_deinit(JsonKeys *keys) {
        drop_from(keys, 0);
        free(keys->keys);
        *keys = (JsonKeys)JSON_KEYS_INIT;
}
