#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/job/dispatcher.h"
#include "daemon/job/feeder.h"
#include "daemon/job/queue.h"
#include "daemon/job/services.h"
#include "daemon/job/watermark.h"
#include "daemon/job/writer.h"
#include "daemon/measure/tally.h"

/*
 * One generation of a job at work, from store to store: feeder, queue, dispatcher, writer and watermark,
 * wired together. It lives from the moment the generation is read first, or again after a restart, until
 * nothing of it is under way. Thread: the loop's; nothing here blocks or calls back before it returns.
 */

typedef struct Flow Flow;
typedef struct FlowOptions FlowOptions;

struct FlowOptions {
        const Services *services;
        const JobSpec *spec;     /* outlives the flow; live settings may change in it */
        StoreTarget target;      /* its strings outlive the flow */
        const bson_t *retry;     /* what the generation reads, see StoreQuery; NULL: all */
        bool resume;             /* the generation was begun before: some documents have their outcome */
        bool counts;             /* of a generation that has ended: only those that have it are read */
        const bson_value_t *at;  /* watermark to read on from, or NULL */
        Tally tally;             /* of everything at or before it */
        uint64_t unanswered;     /* requests of this generation for documents that have no outcome */
        uint64_t started_before; /* documents begun in earlier generations */

        Pacing *pacing; /* these measure the job and outlive the flow */
        Histogram *latency;
        Meter *ended;
        Meter *outcomes;
        FailureDigest *failures;
        FailureStop *stop;

        /* The store answered no: the job must pause. @failure: during the call. */
        void (*refuse)(const StoreFailure *failure, void *userdata);
        void (*moved)(void *userdata); /* the watermark moved: the job's record is to be saved */
        void *userdata;
};

struct Flow {
        const Services *services;
        Queue queue;
        Feeder feeder;
        Dispatcher dispatcher;
        Writer writer;
        Watermark watermark;
        Tally before;           /* of everything at or before the watermark that it began at */
        Tally tally;            /* of all documents that have their outcome */
        uint64_t attempts_base; /* requests that were made before this flow */
        bool resumed;           /* some documents that it reads have their outcome */
        bool left_uncounted;    /* it was cancelled before it had met all of those */
};

/* @options: copied, but for what outlives the flow. 0; -ENOMEM; or what store_reader_new() returns. */
int flow_new(const FlowOptions *options, Flow **ret_flow);

/* flow_quiet() holds, or the workers have ended. Accepts NULL. */
Flow *flow_free(Flow *flow);
DEFINE_FREEP(Flow, flow);

/* What the generation asks of the store, for counting it; the strings are @options'. */
StoreQuery flow_query(const FlowOptions *options);

/* Reads on if there is room; @rest: and lets go of the store's cursor when there is none. */
void flow_read(Flow *flow, bool rest);

/* Some documents were not sent yet, or are to be sent once more. */
bool flow_has_more(const Flow *flow);

/* Everything has been read, and every document has its outcome in the store. */
bool flow_finished(const Flow *flow);

/* Nothing is in flight and nothing unstored (but what the store refuses): what a pause waits for. */
bool flow_settled(const Flow *flow);

/* Nothing in flight, nothing unstored, refused or not, no call of the store under way: it can be freed. */
bool flow_quiet(const Flow *flow);

/* No document but those that wait for the store: the bulk need not wait for company. */
void flow_hurry(Flow *flow);

/* What an earlier daemon has stored of the generation is in the tally, all of it. */
bool flow_counted(const Flow *flow);

/* Drops what is not in flight; what is in flight ends and is stored. Reads no further, see flow_counted(). */
void flow_cancel(Flow *flow);

/* The store had refused; try again. */
void flow_again(Flow *flow);

/* Documents of this generation that are known: they have their outcome, or stand somewhere in the flow. */
uint64_t flow_known(const Flow *flow);

/* Requests that this generation has cost, those before a restart as far as their outcomes tell. */
uint64_t flow_attempts(const Flow *flow);
