/* Entries reach a slow sink in order; a stopped one keeps nobody waiting, and what is lost is counted. */

#include "common/log_queue.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "common/event.h"
#include "common/timeutil.h"
#include "tests/unit/unit.h"

#define WRITTEN_MAX 8192
#define PATIENCE_US (60 * USEC_PER_SEC)

/* A reader of the log that a test can stop. The queue's callback has no userdata, so there is one of it. */
static struct {
        pthread_mutex_t lock;
        pthread_cond_t changed;
        bool stopped;
        bool waiting; /* the queue's thread stands before it */
        size_t n;
        uint64_t numbers[WRITTEN_MAX]; /* of the entries, in order of their coming */
        uint64_t dropped;              /* as the log says */
        size_t dropped_at;             /* entries that came before it said so */
} reader = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static void take(const LogEntry *entry, bool timed) {
        pthread_mutex_lock(&reader.lock);
        reader.waiting = true;
        pthread_cond_broadcast(&reader.changed);
        while (reader.stopped)
                pthread_cond_wait(&reader.changed, &reader.lock);

        if (entry->event == &events[EVENT_LOG_DROPPED]) {
                const char *field = entry->text + strlen(entry->text) + 1; /* after MESSAGE_ID= */
                uint64_t dropped = 0;

                (void)sscanf(field, "DROPPED=%" SCNu64, &dropped);
                reader.dropped += dropped;
                reader.dropped_at = reader.n;
        } else if (reader.n < WRITTEN_MAX)
                reader.numbers[reader.n++] = strtoull(entry->text + entry->message, NULL, 10);
        pthread_mutex_unlock(&reader.lock);
}

static void stop_reader(bool stopped) {
        pthread_mutex_lock(&reader.lock);
        reader.stopped = stopped;
        pthread_cond_broadcast(&reader.changed);
        pthread_mutex_unlock(&reader.lock);
}

static void wait_for_thread(void) {
        pthread_mutex_lock(&reader.lock);
        while (!reader.waiting)
                pthread_cond_wait(&reader.changed, &reader.lock);
        pthread_mutex_unlock(&reader.lock);
}

static void put(LogQueue *queue, uint64_t number, size_t filling) {
        LogEntry entry = { .level = LOG_LEVEL_INFO, .message = strlen("MESSAGE=") };

        entry.len = (size_t)snprintf(entry.text, sizeof(entry.text), "MESSAGE=%" PRIu64 " %*s", number,
                            (int)filling, "") +
                    1;
        log_queue_put(queue, &entry);
}

static int setup(void **state) {
        stop_reader(false);
        reader.waiting = false;
        reader.n = reader.dropped = reader.dropped_at = 0;
        return log_queue_new(take, (LogQueue **)state);
}

static int teardown(void **state) {
        stop_reader(false);
        return log_queue_stop(*state, PATIENCE_US) && !log_queue_free(*state) ? 0 : -1;
}

static void test_entries_come_in_order_and_all_before_the_end(void **state) {
        for (uint64_t i = 0; i < 500; i++)
                put(*state, i, 0);

        assert_true(log_queue_stop(*state, PATIENCE_US));
        assert_int_equal(reader.n, 500);
        for (uint64_t i = 0; i < 500; i++)
                assert_int_equal(reader.numbers[i], i);
        assert_int_equal(reader.dropped, 0);

        log_queue_free(*state);
        assert_int_equal(setup(state), 0); /* for teardown() */
}

static void test_a_stopped_reader_keeps_nobody_waiting_and_what_is_lost_is_counted(void **state) {
        const uint64_t n = 10 * LOG_QUEUE_BYTES / 1000;

        stop_reader(true);
        put(*state, 0, 0);
        wait_for_thread();
        for (uint64_t i = 1; i < n; i++)
                put(*state, i, 1000); /* must come back, ten times as much as there is room for */

        stop_reader(false);
        assert_true(log_queue_stop(*state, PATIENCE_US));
        assert_in_range(reader.n, 100, LOG_QUEUE_BYTES / 1000 + 1);
        assert_int_equal(reader.n + reader.dropped, n);
        assert_int_equal(reader.dropped_at, reader.n); /* where the gap is */
        for (uint64_t i = 0; i < reader.n; i++)
                assert_int_equal(reader.numbers[i], i);

        log_queue_free(*state);
        assert_int_equal(setup(state), 0);
}

static void test_the_end_does_not_wait_for_a_stopped_reader(void **state) {
        stop_reader(true);
        put(*state, 0, 0);
        wait_for_thread();
        assert_false(log_queue_stop(*state, 1000));

        stop_reader(false); /* in a program the thread is left; here it ends, for teardown() */
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(
                        test_entries_come_in_order_and_all_before_the_end, setup, teardown),
                cmocka_unit_test_setup_teardown(
                        test_a_stopped_reader_keeps_nobody_waiting_and_what_is_lost_is_counted, setup,
                        teardown),
                cmocka_unit_test_setup_teardown(
                        test_the_end_does_not_wait_for_a_stopped_reader, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
