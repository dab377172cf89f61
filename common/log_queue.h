#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/alloc.h"
#include "common/log.h"

/*
 * Entries on their way to a sink that may block: a bounded queue, and one thread that empties it. Any thread
 * may put entries in; nobody waits for the sink.
 */

/* All entries together; a burst that is larger loses its end. */
#define LOG_QUEUE_BYTES (256u * 1024)

typedef struct LogQueue LogQueue;

/* Starts the thread, which calls @write for each entry. Returns 0 or a negative errno. */
int log_queue_new(void (*write)(const LogEntry *entry, bool timed), LogQueue **ret_queue);

/* It was stopped. Accepts NULL. */
LogQueue *log_queue_free(LogQueue *queue);
DEFINE_FREEP(LogQueue, log_queue);

/* Copies @entry in; dropped, and counted, where there is no room. Never blocks but for the queue's lock. */
void log_queue_put(LogQueue *queue, const LogEntry *entry);

/*
 * Ends the thread once everything is written. False: not within @within_us; then the thread and its queue are
 * left as they are until the process ends, and the queue must not be freed.
 */
bool log_queue_stop(LogQueue *queue, uint64_t within_us);
