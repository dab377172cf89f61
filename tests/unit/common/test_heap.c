/* The heap gives things back in the order in which they are due, whatever was removed before. */

#include "common/heap.h"

#include <stdbool.h>

#include "tests/unit/unit.h"

#define N 1000

static uint64_t next_random(uint64_t *seed) {
        *seed ^= *seed >> 12;
        *seed ^= *seed << 25;
        *seed ^= *seed >> 27;
        return *seed * UINT64_C(2685821657736338717);
}

static uint64_t take_first(Heap *heap) {
        HeapItem *item = heap->first;
        uint64_t at;

        assert_non_null(item);
        at = item->at;
        heap_remove(heap, item);
        return at;
}

static void test_an_empty_heap_has_no_first(void **state) {
        HeapItem item;
        Heap heap = {};

        assert_null(heap.first);
        heap_insert(&heap, &item, 7);
        assert_ptr_equal(heap.first, &item);
        heap_remove(&heap, &item);
        assert_null(heap.first);
}

static void test_things_come_in_the_order_in_which_they_are_due(void **state) {
        static HeapItem items[N];
        uint64_t seed = 1, last;
        Heap heap = {};

        for (size_t i = 0; i < N; i++)
                heap_insert(&heap, &items[i], next_random(&seed) % 500);
        last = 0;
        for (size_t i = 0; i < N; i++) {
                uint64_t at = take_first(&heap);

                assert_true(at >= last);
                last = at;
        }
        assert_null(heap.first);
}

static uint64_t least(const HeapItem *items, const bool *in) {
        uint64_t at = UINT64_MAX;

        for (size_t i = 0; i < N; i++)
                if (in[i] && items[i].at < at)
                        at = items[i].at;

        return at;
}

static void test_anything_may_be_removed_in_any_order(void **state) {
        static HeapItem items[N];
        static bool in[N];

        for (uint64_t seed = 1; seed <= 20; seed++) {
                uint64_t random = seed;
                size_t n = 0;
                Heap heap = {};

                for (unsigned step = 0; step < 5000; step++) {
                        size_t i = next_random(&random) % N;

                        if (in[i]) {
                                heap_remove(&heap, &items[i]);
                                n--;
                        } else {
                                heap_insert(&heap, &items[i], next_random(&random) % 1000);
                                n++;
                        }
                        in[i] = !in[i];
                        if (step % 50 == 0 && n)
                                assert_int_equal(heap.first->at, least(items, in));
                }
                for (size_t i = 0; i < N; i++)
                        if (in[i]) {
                                heap_remove(&heap, &items[i]);
                                in[i] = false;
                        }
                assert_null(heap.first);
        }
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_an_empty_heap_has_no_first),
                cmocka_unit_test(test_things_come_in_the_order_in_which_they_are_due),
                cmocka_unit_test(test_anything_may_be_removed_in_any_order),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
