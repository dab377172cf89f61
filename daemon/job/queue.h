#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "daemon/job/document.h"

/*
 * Documents that were read and not sent yet, in reading order, at most twice the concurrency (the script's
 * queue of 2n URLs): enough to never wait for the store while it answers as fast as the API, and no more.
 * Nothing here fails. Thread: the loop's.
 */

#define QUEUE_CAPACITY_MIN 16 /* so that a concurrency of 1 does not read its documents in pairs */

typedef struct Queue Queue;

struct Queue {
        DocumentList documents;
        size_t n;
        size_t capacity; /* documents */
};

/* @concurrency: requests in flight, here and below. */
void queue_init(Queue *queue, size_t concurrency);

/* Frees what is in it; the queue is empty then, and can be used on. */
void queue_deinit(Queue *queue);

/* A queue that becomes smaller keeps what it holds, and wants more once that has gone. */
void queue_resize(Queue *queue, size_t concurrency);

/* How many documents to read now: 0 until half of it is free, so that reads are few. */
size_t queue_wants(const Queue *queue);

void queue_push(Queue *queue, Document *document);   /* takes over */
Document *queue_first(const Queue *queue);           /* NULL: empty */
Document *queue_next(const Document *document);      /* the one behind, or NULL */
void queue_remove(Queue *queue, Document *document); /* it is the caller's again */
