/* The queue gives documents in the order in which they came, and asks for more when half of it is free. */

#include "daemon/job/queue.h"

#include "tests/unit/unit.h"

static Document *add(Queue *queue, int32_t id) {
        bson_t *bson = BCON_NEW("_id", BCON_INT32(id));
        Document *document = document_new(bson, NULL);

        assert_non_null(document);
        queue_push(queue, document);
        return document;
}

static int32_t id_of(const Document *document) {
        bson_iter_t iter;

        return document_key(document, &iter)->value.v_int32;
}

static void test_half_of_it_must_be_free_before_it_asks(void **state) {
        static const struct {
                size_t concurrency, n, wants;
        } cases[] = {
                { 100, 0, 200 },
                { 100, 100, 100 },
                { 100, 101, 0 },
                { 100, 200, 0 },
                { 1, 0, QUEUE_CAPACITY_MIN },
                { 1, QUEUE_CAPACITY_MIN / 2, QUEUE_CAPACITY_MIN / 2 },
                { 1, QUEUE_CAPACITY_MIN / 2 + 1, 0 },
                { QUEUE_CAPACITY_MIN / 2, 0, QUEUE_CAPACITY_MIN },
                { 100000, 0, 200000 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Queue queue;

                queue_init(&queue, cases[i].concurrency);
                for (size_t k = 0; k < cases[i].n; k++)
                        add(&queue, (int32_t)k);
                assert_int_equal(queue_wants(&queue), cases[i].wants);
                queue_deinit(&queue);
        }
}

static void test_documents_leave_in_the_order_in_which_they_came(void **state) {
        Queue queue;

        queue_init(&queue, 10);
        assert_null(queue_first(&queue));
        for (int32_t i = 0; i < 5; i++)
                add(&queue, i);
        for (int32_t i = 0; i < 5; i++) {
                Document *document = queue_first(&queue);

                assert_int_equal(id_of(document), i);
                queue_remove(&queue, document);
                document_free(document);
        }
        assert_null(queue_first(&queue));
        assert_int_equal(queue.n, 0);
        queue_deinit(&queue);
}

static void test_one_in_the_middle_may_leave_first(void **state) {
        Document *middle;
        Queue queue;

        queue_init(&queue, 10);
        add(&queue, 1);
        middle = add(&queue, 2);
        add(&queue, 3);
        queue_remove(&queue, middle);
        document_free(middle);

        assert_int_equal(queue.n, 2);
        assert_int_equal(id_of(queue_first(&queue)), 1);
        queue_deinit(&queue);
}

static void test_what_is_parked_makes_room_for_others_up_to_a_bound(void **state) {
        Document *parked[QUEUE_PARKED_MIN];
        Queue queue;

        queue_init(&queue, 10);
        for (int32_t i = 0; i < QUEUE_PARKED_MIN; i++) {
                parked[i] = add(&queue, i);
                queue_park(&queue, parked[i]);
                assert_int_equal(queue_wants(&queue), i + 1 < QUEUE_PARKED_MIN ? 20 : 0);
        }
        assert_null(queue_first(&queue));
        assert_int_equal(queue.n, QUEUE_PARKED_MIN);

        queue_unpark(&queue, 1);
        assert_int_equal(queue.n, QUEUE_PARKED_MIN - 1);
        assert_int_equal(queue_wants(&queue), 20);
        queue_unpark(&queue, QUEUE_PARKED_MIN - 1);
        for (int32_t i = 0; i < QUEUE_PARKED_MIN; i++)
                document_free(parked[i]);
        queue_deinit(&queue);
}

static void test_a_smaller_queue_keeps_what_it_holds(void **state) {
        Queue queue;

        queue_init(&queue, 100);
        for (int32_t i = 0; i < 200; i++)
                add(&queue, i);
        queue_resize(&queue, 20);
        assert_int_equal(queue.n, 200);
        assert_int_equal(queue_wants(&queue), 0);
        queue_resize(&queue, 300);
        assert_int_equal(queue_wants(&queue), 400);
        queue_deinit(&queue);
        assert_int_equal(queue.n, 0);
        assert_null(queue_first(&queue));
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_half_of_it_must_be_free_before_it_asks),
                cmocka_unit_test(test_documents_leave_in_the_order_in_which_they_came),
                cmocka_unit_test(test_one_in_the_middle_may_leave_first),
                cmocka_unit_test(test_what_is_parked_makes_room_for_others_up_to_a_bound),
                cmocka_unit_test(test_a_smaller_queue_keeps_what_it_holds),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
