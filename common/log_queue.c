/* A bounded queue of entries, and the thread that writes them. */

#include "common/log_queue.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/queue.h>
#include <time.h>

#include "common/event.h"
#include "common/timeutil.h"

typedef struct Queued Queued;

struct Queued {
        STAILQ_ENTRY(Queued) next;
        size_t bytes;
        LogEntry entry; /* the last: only as much of its text as there is */
};

struct LogQueue {
        void (*write)(const LogEntry *entry, bool timed);
        pthread_mutex_t lock; /* of everything below */
        pthread_cond_t changed;
        STAILQ_HEAD(, Queued) entries;
        size_t bytes;
        uint64_t dropped; /* since that was last said */
        bool ending;
        bool ended;
        pthread_t thread;
};

/* Without its text an entry is small; there is always a place for this one. */
static void say_dropped(LogQueue *queue, uint64_t dropped) {
        LogEntry entry;

        log_entry_begin(&entry, &events[EVENT_LOG_DROPPED]);
        log_field_count(&entry, "DROPPED", dropped);
        entry.message = entry.len + strlen("MESSAGE=");
        entry.len += (size_t)snprintf(entry.text + entry.len, LOG_ENTRY_BYTES - entry.len,
                             "MESSAGE=%llu entries of this log were lost: its reader did not keep up",
                             (unsigned long long)dropped) +
                     1;
        entry.at_ms = time_wall_ms();
        queue->write(&entry, true);
}

/* The next entry, and how many were dropped before it; waits for either. NULL and 0: the end. */
static Queued *take(LogQueue *queue, uint64_t *ret_dropped) {
        Queued *first;

        pthread_mutex_lock(&queue->lock);
        while (STAILQ_EMPTY(&queue->entries) && !queue->dropped && !queue->ending)
                pthread_cond_wait(&queue->changed, &queue->lock);

        first = STAILQ_FIRST(&queue->entries);
        if (first) {
                STAILQ_REMOVE_HEAD(&queue->entries, next);
                queue->bytes -= first->bytes;
        }
        *ret_dropped = first ? 0 : queue->dropped; /* said where the gap is: after all that came before it */
        if (!first)
                queue->dropped = 0;
        pthread_mutex_unlock(&queue->lock);
        return first;
}

static void *write_entries(void *userdata) {
        LogQueue *queue = userdata;
        uint64_t dropped;
        Queued *queued;

        while ((queued = take(queue, &dropped)) || dropped) {
                if (queued)
                        queue->write(&queued->entry, true);
                else
                        say_dropped(queue, dropped);
                free(queued);
        }

        pthread_mutex_lock(&queue->lock);
        queue->ended = true;
        pthread_cond_broadcast(&queue->changed);
        pthread_mutex_unlock(&queue->lock);
        return NULL;
}

int log_queue_new(void (*write)(const LogEntry *entry, bool timed), LogQueue **ret_queue) {
        LogQueue *queue = calloc(1, sizeof(*queue));
        pthread_condattr_t monotonic;
        int r;

        if (!queue)
                return -ENOMEM;

        queue->write = write;
        STAILQ_INIT(&queue->entries);
        pthread_mutex_init(&queue->lock, NULL);
        pthread_condattr_init(&monotonic);
        pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
        pthread_cond_init(&queue->changed, &monotonic);
        pthread_condattr_destroy(&monotonic);

        r = pthread_create(&queue->thread, NULL, write_entries, queue);
        if (r) {
                log_queue_free(queue);
                return -r;
        }

        *ret_queue = queue;
        return 0;
}

LogQueue *log_queue_free(LogQueue *queue) {
        if (!queue)
                return NULL;

        pthread_cond_destroy(&queue->changed);
        pthread_mutex_destroy(&queue->lock);
        free(queue);
        return NULL;
}

void log_queue_put(LogQueue *queue, const LogEntry *entry) {
        size_t bytes = offsetof(Queued, entry.text) + entry->len;
        Queued *queued;

        pthread_mutex_lock(&queue->lock);
        queued = queue->bytes + bytes <= LOG_QUEUE_BYTES && !queue->dropped ? malloc(bytes) : NULL;
        if (queued) {
                queued->bytes = bytes;
                memcpy(&queued->entry, entry, offsetof(LogEntry, text) + entry->len);
                STAILQ_INSERT_TAIL(&queue->entries, queued, next);
                queue->bytes += bytes;
        } else
                queue->dropped++;
        pthread_cond_signal(&queue->changed);
        pthread_mutex_unlock(&queue->lock);
}

bool log_queue_stop(LogQueue *queue, uint64_t within_us) {
        uint64_t until_us = time_now_us() + within_us;
        struct timespec until = {
                .tv_sec = (time_t)(until_us / USEC_PER_SEC),
                .tv_nsec = (long)(until_us % USEC_PER_SEC * 1000),
        };
        bool ended;

        pthread_mutex_lock(&queue->lock);
        queue->ending = true;
        pthread_cond_broadcast(&queue->changed);
        while (!queue->ended && pthread_cond_timedwait(&queue->changed, &queue->lock, &until) == 0)
                ;
        ended = queue->ended;
        pthread_mutex_unlock(&queue->lock);

        if (ended)
                pthread_join(queue->thread, NULL);
        return ended;
}
