#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/job/document.h"
#include "daemon/job/feeder.h"
#include "daemon/job/lane.h"
#include "daemon/job/queue.h"
#include "daemon/job/services.h"
#include "daemon/job/writer.h"
#include "daemon/measure/histogram.h"
#include "daemon/measure/meter.h"
#include "daemon/policy/failure_digest.h"
#include "daemon/policy/failure_stop.h"
#include "daemon/policy/pacing.h"
#include "daemon/spec/job_spec.h"

/*
 * Takes documents from the queue when pacing lets it, starts their requests, and decides what follows an
 * answer: another attempt, or the outcome (the script's worker); what it means for the origin and all who ask it
 * is the origin's to keep (http_origin.h). Not more answers than the concurrency wait to be parsed before
 * nothing starts. Times are CLOCK_MONOTONIC in microseconds.
 * Thread: the loop's; nothing here blocks or calls back before it returns, and nothing fails: what cannot be
 * done now for lack of means is done later.
 */

/* Documents that may wait for a retry, whatever the concurrency; with a large one, four times that. */
#define DISPATCHER_RETRIES_MIN 1000

struct Dispatcher {
        const Services *services;
        const JobSpec *spec;
        Queue *queue;
        Writer *writer;
        Pacing *pacing;
        Histogram *latency;      /* of answered attempts, microseconds */
        Meter *ended;            /* attempts ended */
        Meter *outcomes;         /* documents that got their outcome */
        FailureDigest *failures; /* those of them that failed */
        FailureStop *stop;       /* likewise, since the job was resumed last */

        const Feeder *feeder; /* what had its outcome already, limit counts, too */
        uint64_t started;     /* documents of this job begun otherwise, all generations */
        uint64_t attempts;    /* requests begun by this dispatcher */
        DocumentList begun;   /* in flight or being parsed */
        size_t n_parsing;     /* answered, their body with a worker */
        Lanes lanes;          /* waiting for a retry, or for their origin */
        bool dry; /* nothing but retries could be started when it was looked last, nor is more being read */
        size_t window_max;       /* the most dispatcher_window() ever was */
        uint64_t short_until_us; /* descriptors or memory ran out; nothing starts before */
        bool last_words;         /* the job is cancelled: a failed attempt is the last one */
        uint64_t random;         /* state of the jitter's generator */
        Document *next;          /* what dispatcher_start() will start */
};

/* Everything above `attempts` is the caller's to fill, and outlives the dispatcher. */
void dispatcher_init(Dispatcher *dispatcher);

/* Nothing is in flight or being parsed, or no answer will come any more. Frees every document. */
void dispatcher_deinit(Dispatcher *dispatcher);

/*
 * Whether a request may start now: LIMITED_BY_NOTHING, or what stands against it; then @ret_wait_us is how
 * long to wait before looking again if no event comes first (0: an event will come). Documents no request can
 * be made of get their outcome here.
 */
LimitedBy dispatcher_check(Dispatcher *dispatcher, uint64_t now_us, uint64_t *ret_wait_us);

/* Starts the request that dispatcher_check() has just said may start. */
void dispatcher_start(Dispatcher *dispatcher, uint64_t now_us);

/* The limit on documents is reached, and one more stands ready. */
bool dispatcher_limit_reached(const Dispatcher *dispatcher);

/* Requests that a crash would repeat now: in flight, answered and not acknowledged, waiting for a retry. */
size_t dispatcher_window(const Dispatcher *dispatcher);

/* Drops the documents that wait for a retry or for their origin: the job is cancelled; they stay unanswered. */
void dispatcher_drop_waiting(Dispatcher *dispatcher);

/* Documents that are to be sent once more. */
static inline size_t dispatcher_retrying(const Dispatcher *dispatcher) {
        return dispatcher->lanes.n_waiting + dispatcher->lanes.n_due;
}

/* Nothing in flight and nothing being parsed. */
static inline bool dispatcher_idle(const Dispatcher *dispatcher) {
        return dispatcher->pacing->in_flight == 0 && dispatcher->n_parsing == 0;
}
