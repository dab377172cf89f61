/* Threads for what blocks, one queue a lane; results come back through one event of the loop. */

#include "daemon/system/workers.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <stdlib.h>

#include "common/error.h"
#include "common/timeutil.h"

#define THREADS_MAX 2

typedef struct WorkQueue {
        Work *first;
        Work **tail;
} WorkQueue;

typedef struct Lane {
        Workers *workers;
        WorkQueue waiting;
        pthread_cond_t filled;
        pthread_t threads[THREADS_MAX];
        size_t n_threads;
} Lane;

struct Workers {
        pthread_mutex_t lock; /* of everything below but the event */
        Lane lanes[_WORK_LANE_N];
        WorkQueue finished;
        bool ending;
        size_t n_running;     /* threads */
        pthread_cond_t ended; /* one of them */
        struct event *wake;
};

/* Two where one slow item must not hold up those of other jobs; one where the order counts. */
static const size_t lane_threads[_WORK_LANE_N] = {
        [WORK_READ] = 2,
        [WORK_COUNT] = 1,
        [WORK_WRITE] = 2,
        [WORK_RECORD] = 1,
        [WORK_LEASE] = 1,
        [WORK_CLIENT] = 2,
        [WORK_PARSE] = 1,
};

static void queue_init(WorkQueue *queue) {
        queue->first = NULL;
        queue->tail = &queue->first;
}

static void queue_append(WorkQueue *queue, Work *work) {
        work->next = NULL;
        *queue->tail = work;
        queue->tail = &work->next;
}

static Work *queue_take(WorkQueue *queue) {
        Work *work = queue->first;

        queue->first = work->next;
        if (!queue->first)
                queue->tail = &queue->first;

        return work;
}

static void *lane_thread(void *userdata) {
        Lane *lane = userdata;
        Workers *workers = lane->workers;

        pthread_mutex_lock(&workers->lock);
        for (;;) {
                Work *work;

                while (!lane->waiting.first && !workers->ending)
                        pthread_cond_wait(&lane->filled, &workers->lock);
                if (workers->ending)
                        break;

                work = queue_take(&lane->waiting);
                pthread_mutex_unlock(&workers->lock);
                work->run(work);
                pthread_mutex_lock(&workers->lock);
                queue_append(&workers->finished, work);
                event_active(workers->wake, EV_READ, 0);
        }
        workers->n_running--;
        pthread_cond_signal(&workers->ended);
        pthread_mutex_unlock(&workers->lock);
        return NULL;
}

static void on_wake(int fd, short what, void *userdata) {
        Workers *workers = userdata;
        Work *work, *next;

        pthread_mutex_lock(&workers->lock);
        work = workers->finished.first;
        queue_init(&workers->finished);
        pthread_mutex_unlock(&workers->lock);

        for (; work; work = next) {
                next = work->next; /* `done` may free it */
                work->done(work);
        }
}

static int lane_start(Lane *lane, Workers *workers, size_t n_threads) {
        lane->workers = workers;
        queue_init(&lane->waiting);
        pthread_cond_init(&lane->filled, NULL);

        for (size_t i = 0; i < n_threads; i++) {
                int r = pthread_create(&lane->threads[i], NULL, lane_thread, lane);

                if (r)
                        return error_trace(-r);
                lane->n_threads++;
                pthread_mutex_lock(&workers->lock);
                workers->n_running++;
                pthread_mutex_unlock(&workers->lock);
        }

        return 0;
}

int workers_new(struct event_base *base, Workers **ret_workers) {
        _cleanup_(workers_freep) Workers *workers = NULL;
        pthread_condattr_t monotonic;
        int r;

        workers = calloc(1, sizeof(*workers));
        if (!workers)
                return -ENOMEM;

        pthread_mutex_init(&workers->lock, NULL);
        pthread_condattr_init(&monotonic);
        pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
        pthread_cond_init(&workers->ended, &monotonic);
        pthread_condattr_destroy(&monotonic);
        queue_init(&workers->finished);
        workers->wake = event_new(base, -1, EV_PERSIST, on_wake, workers);
        if (!workers->wake)
                return -ENOMEM;

        for (size_t i = 0; i < _WORK_LANE_N; i++) {
                r = lane_start(&workers->lanes[i], workers, lane_threads[i]);
                if (r)
                        return r;
        }

        *ret_workers = TAKE_PTR(workers);
        return 0;
}

static void drop_all(WorkQueue *queue) {
        while (queue->first) {
                Work *work = queue_take(queue);

                if (work->drop)
                        work->drop(work);
        }
}

/* @workers' lock is held. */
static void end_threads(Workers *workers) {
        workers->ending = true;
        for (size_t i = 0; i < _WORK_LANE_N; i++)
                pthread_cond_broadcast(&workers->lanes[i].filled);
}

bool workers_end(Workers *workers, uint64_t within_us) {
        uint64_t until_us = time_now_us() + within_us;
        struct timespec until = {
                .tv_sec = (time_t)(until_us / USEC_PER_SEC),
                .tv_nsec = (long)(until_us % USEC_PER_SEC * 1000),
        };
        bool ended;

        pthread_mutex_lock(&workers->lock);
        end_threads(workers);
        while (workers->n_running > 0 && pthread_cond_timedwait(&workers->ended, &workers->lock, &until) == 0)
                ;
        ended = workers->n_running == 0;
        pthread_mutex_unlock(&workers->lock);
        return ended;
}

Workers *workers_free(Workers *workers) {
        if (!workers)
                return NULL;

        pthread_mutex_lock(&workers->lock);
        end_threads(workers);
        pthread_mutex_unlock(&workers->lock);

        for (size_t i = 0; i < _WORK_LANE_N; i++)
                for (size_t k = 0; k < workers->lanes[i].n_threads; k++)
                        pthread_join(workers->lanes[i].threads[k], NULL);

        for (size_t i = 0; i < _WORK_LANE_N; i++)
                if (workers->lanes[i].workers)
                        drop_all(&workers->lanes[i].waiting);
        drop_all(&workers->finished);

        if (workers->wake)
                event_free(workers->wake);
        pthread_cond_destroy(&workers->ended);
        pthread_mutex_destroy(&workers->lock);
        free(workers);
        return NULL;
}

void workers_submit(Workers *workers, WorkLane lane, Work *work) {
        pthread_mutex_lock(&workers->lock);
        queue_append(&workers->lanes[lane].waiting, work);
        pthread_cond_signal(&workers->lanes[lane].filled);
        pthread_mutex_unlock(&workers->lock);
}
