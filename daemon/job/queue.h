#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "daemon/job/document.h"

/*
 * Documents that were read and not sent yet, in reading order, at most twice the concurrency (the script's
 * queue of 2n URLs): enough to never wait for the store while it answers as fast as the API, and no more.
 *
 * Those whose origin is to be left alone are parked elsewhere, so that they do not keep others from being read,
 * up to four times the concurrency. Nothing here fails. Thread: the loop's.
 */

#define QUEUE_PARKED_MIN 1000 /* that may be parked, however small the concurrency */
#define QUEUE_CAPACITY_MIN 16 /* so that a concurrency of 1 does not read its documents in pairs */

typedef struct Queue Queue;

struct Queue {
        DocumentList documents;
        size_t n;        /* documents, with those that are parked */
        size_t n_parked; /* read, not sent, and in no list of ours */
        size_t capacity;
        size_t most_parked;
};

/* @concurrency: requests in flight, here and below. */
void queue_init(Queue *queue, size_t concurrency);

/* Frees what is in it; what is parked is not. The queue can be used on. */
void queue_deinit(Queue *queue);

/* A queue that becomes smaller keeps what it holds, and wants more once that has gone. */
void queue_resize(Queue *queue, size_t concurrency);

/* How many documents to read now: 0 until half of it is free, so that reads are few, or while many are parked. */
size_t queue_wants(const Queue *queue);

void queue_push(Queue *queue, Document *document);   /* takes over */
Document *queue_first(const Queue *queue);           /* NULL: empty */
void queue_remove(Queue *queue, Document *document); /* it is the caller's again */

/* It is the caller's, and still counts as read and not sent until queue_unpark(). */
void queue_park(Queue *queue, Document *document);
void queue_unpark(Queue *queue, size_t n);
