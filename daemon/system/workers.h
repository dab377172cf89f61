#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/alloc.h"

/*
 * A few threads for what blocks. A lane is a queue of its own, so that a long page read holds up no
 * bulk, and a bulk holds up no command.
 *
 * A work item embeds Work as its first member and owns everything it touches; it reads no job, no statistics
 * and no log context. workers_submit() and all `done` callbacks are the loop's; `run` is a worker's.
 */

struct event_base;

typedef struct Work Work;
typedef struct Workers Workers;

typedef enum WorkLane {
        WORK_READ,   /* pages of documents */
        WORK_COUNT,  /* long scans that only count */
        WORK_WRITE,  /* bulks of outcomes */
        WORK_RECORD, /* job records, in the order given */
        WORK_LEASE,  /* the lease on the store's jobs */
        WORK_CLIENT, /* what a client waits for: import, export, checks */
        WORK_PARSE,  /* large bodies */
        _WORK_LANE_N,
} WorkLane;

struct Work {
        void (*run)(Work *work);  /* on a worker thread */
        void (*done)(Work *work); /* then on the loop; may free the item and submit others */
        /* Instead of `done` when the workers end first: frees the item; NULL: somebody else does. */
        void (*drop)(Work *work);
        Work *next; /* the queue's */
};

/* Starts the threads. @base outlives them. Returns 0 or a negative errno. */
int workers_new(struct event_base *base, Workers **ret_workers);

/*
 * Begins no further item, and waits for those that run. False: not all have ended within @within_us; then they
 * and what they use have to be left as they are until the process ends.
 */
bool workers_end(Workers *workers, uint64_t within_us);

/*
 * Waits for items that run, which may take as long as a store takes; ends the threads, and drops every item
 * whose `done` has not been called. Accepts NULL.
 */
Workers *workers_free(Workers *workers);
DEFINE_FREEP(Workers, workers);

/* Queues @work; never blocks, never fails. The item stays alive until its `done` or `drop`. */
void workers_submit(Workers *workers, WorkLane lane, Work *work);
