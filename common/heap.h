#pragma once

#include <stdint.h>

/*
 * What is due next, of many things that are each due at some time: a pairing heap (Fredman, Sedgewick, Sleator
 * and Tarjan, 1986) whose items are part of the things themselves, so that nothing is allocated and nothing can
 * fail. Insertion is O(1), removal O(log n) amortized. It starts zeroed. One thread at a time.
 */

typedef struct Heap Heap;
typedef struct HeapItem HeapItem;

/* The owner's; untouched while it stands in a heap. */
struct HeapItem {
        uint64_t at;
        HeapItem *child; /* the first of those that are not due earlier */
        HeapItem *next;  /* its next sibling */
        HeapItem *prev;  /* its sibling before, or its parent if it is the first child; NULL: the root */
};

struct Heap {
        HeapItem *first; /* due first; NULL: empty */
};

/* @item stands in no heap. */
void heap_insert(Heap *heap, HeapItem *item, uint64_t at);

/* @item stands in @heap. */
void heap_remove(Heap *heap, HeapItem *item);
