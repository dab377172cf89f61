/* Work runs on a thread and comes back on the loop, in order within a lane that has one thread. */

#include "daemon/system/workers.h"

#include <event2/event.h>
#include <event2/thread.h>
#include <pthread.h>
#include <semaphore.h>

#include "tests/unit/unit.h"

#define ITEMS 1000

typedef struct Item {
        Work work;
        struct event_base *base;
        pthread_t ran_on;
        int number;
        int *next; /* the number that is due, on the loop */
} Item;

static void run(Work *work) {
        ((Item *)work)->ran_on = pthread_self();
}

static void done(Work *work) {
        Item *item = (Item *)work;

        assert_int_equal(item->number, (*item->next)++);
        assert_false(pthread_equal(item->ran_on, pthread_self()));
        if (*item->next == ITEMS)
                event_base_loopbreak(item->base);
}

static void test_items_of_one_lane_come_back_in_order(void **state) {
        struct event_base *base = event_base_new();
        Item *items = calloc(ITEMS, sizeof(*items));
        Workers *workers;
        int next = 0;

        assert_int_equal(workers_new(base, &workers), 0);
        for (int i = 0; i < ITEMS; i++) {
                items[i] = (Item) {
                        .work = { .run = run, .done = done }, .base = base, .number = i, .next = &next
                };
                workers_submit(workers, WORK_RECORD, &items[i].work);
        }

        event_base_loop(base, EVLOOP_NO_EXIT_ON_EMPTY);
        assert_int_equal(next, ITEMS);
        workers_free(workers);
        event_base_free(base);
        free(items);
}

static void test_freeing_drops_what_waits(void **state) {
        struct event_base *base = event_base_new();
        Item *items = calloc(ITEMS, sizeof(*items));
        Workers *workers;
        int next = 0;

        assert_int_equal(workers_new(base, &workers), 0);
        for (int i = 0; i < ITEMS; i++) {
                items[i] = (Item) {
                        .work = { .run = run, .done = done }, .base = base, .number = i, .next = &next
                };
                workers_submit(workers, WORK_WRITE, &items[i].work);
        }
        workers_free(workers);
        assert_int_equal(next, 0);
        event_base_free(base);
        free(items);
}

typedef struct Hanging {
        Work work;
        sem_t begun, go_on;
} Hanging;

static void hang(Work *work) {
        Hanging *hanging = (Hanging *)work;

        sem_post(&hanging->begun);
        sem_wait(&hanging->go_on);
}

static void test_an_item_that_hangs_is_waited_for_so_long(void **state) {
        Hanging hanging = { .work = { .run = hang } };
        struct event_base *base = event_base_new();
        Workers *workers;

        sem_init(&hanging.begun, 0, 0);
        sem_init(&hanging.go_on, 0, 0);
        assert_int_equal(workers_new(base, &workers), 0);
        workers_submit(workers, WORK_READ, &hanging.work);
        sem_wait(&hanging.begun);
        assert_false(workers_end(workers, 1));
        sem_post(&hanging.go_on);
        assert_true(workers_end(workers, UINT64_C(60000000)));
        workers_free(workers);
        event_base_free(base);
        sem_destroy(&hanging.begun);
        sem_destroy(&hanging.go_on);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_items_of_one_lane_come_back_in_order),
                cmocka_unit_test(test_freeing_drops_what_waits),
                cmocka_unit_test(test_an_item_that_hangs_is_waited_for_so_long),
        };

        evthread_use_pthreads();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
