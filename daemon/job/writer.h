#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "daemon/job/services.h"
#include "daemon/job/watermark.h"
#include "daemon/measure/tally.h"
#include "daemon/store/outcome.h"

/*
 * Sends outcomes to the store in bulks and counts each once it is acknowledged. A bulk goes out when it is
 * large, or when its oldest outcome has waited 50 ms: together they share one commit. Thread: the loop's;
 * nothing here blocks or calls back before it returns.
 */

struct event;

typedef struct Writer Writer;
typedef struct WriterBulk WriterBulk;

struct Writer {
        const Services *services;
        StoreTarget target; /* its strings outlive the writer */
        Watermark *watermark;
        Tally *tally; /* where acknowledged outcomes are counted */
        void (*refuse)(const StoreFailure *failure, void *userdata); /* @failure: during the call */
        void (*moved)(void *userdata);                               /* the watermark moved */
        void *userdata;

        WriterBulk *filling;              /* the next bulk, or NULL */
        TAILQ_HEAD(, WriterBulk) ready;   /* full, or old enough, waiting for their turn */
        TAILQ_HEAD(, WriterBulk) refused; /* the store answered no; sent again by writer_again() */
        struct event *timer;
        size_t n_sent;   /* bulks under way */
        size_t unstored; /* outcomes not acknowledged yet, refused ones included */
        size_t bytes;    /* of those, roughly */
};

/*
 * @writer is otherwise filled by the caller: services, target, watermark, tally, refuse, moved, userdata, all
 * of which outlive it. Returns 0 or -ENOMEM.
 */
int writer_init(Writer *writer);

/*
 * No bulk is under way, or the workers have ended. What was not sent is forgotten: its documents are still
 * pending in the store.
 */
void writer_deinit(Writer *writer);

/* Takes over @outcome, the terminal one of a document of @page. Returns 0; or -ENOMEM, and takes nothing. */
int writer_add(Writer *writer, Outcome *outcome, WatermarkPage *page);

/* Whether it holds as much as it should: nothing more may start. @concurrency: the job's present one. */
bool writer_full(const Writer *writer, size_t concurrency);

/* Sends what is there without waiting for more, unless enough is under way. */
void writer_flush(Writer *writer);

/* Everything is stored, but what the store refuses. */
bool writer_settled(const Writer *writer);

/* Sends again what the store had refused. */
void writer_again(Writer *writer);

/* Forgets what the store refuses, as nobody will send it again. Returns how many outcomes that were. */
size_t writer_forget_refused(Writer *writer);

/* No call of the store is under way. */
static inline bool writer_idle(const Writer *writer) {
        return !writer->n_sent;
}
