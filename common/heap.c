/* What is due next, of many things that are each due at some time. */

#include "common/heap.h"

#include <stddef.h>

/* Makes one tree of two, either of which may be NULL. */
static HeapItem *meld(HeapItem *a, HeapItem *b) {
        HeapItem *later;

        if (!a || !b)
                return a ? a : b;

        if (b->at < a->at) {
                later = a;
                a = b;
        } else
                later = b;

        later->prev = a;
        later->next = a->child;
        if (a->child)
                a->child->prev = later;
        a->child = later;
        a->next = a->prev = NULL;
        return a;
}

/* Two passes: neighbours by pairs, then all of them from the last to the first. That is what makes it O(log n). */
static HeapItem *meld_siblings(HeapItem *first) {
        HeapItem *pairs = NULL, *tree = NULL, *next;

        for (; first; first = next) {
                HeapItem *second = first->next, *pair;

                next = second ? second->next : NULL;
                pair = meld(first, second);
                pair->next = pairs;
                pairs = pair;
        }

        for (; pairs; pairs = next) {
                next = pairs->next;
                tree = meld(tree, pairs);
        }

        if (tree)
                tree->next = tree->prev = NULL;
        return tree;
}

void heap_insert(Heap *heap, HeapItem *item, uint64_t at) {
        *item = (HeapItem) { .at = at };
        heap->first = meld(heap->first, item);
}

void heap_remove(Heap *heap, HeapItem *item) {
        HeapItem *below = meld_siblings(item->child);

        if (!item->prev)
                heap->first = below;
        else {
                if (item->prev->child == item)
                        item->prev->child = item->next;
                else
                        item->prev->next = item->next;
                if (item->next)
                        item->next->prev = item->prev;
                heap->first = meld(heap->first, below);
        }

        *item = (HeapItem) {};
}
