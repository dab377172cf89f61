#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "daemon/job/document.h"

/*
 * Documents that were read and not sent yet, in reading order, at most twice the concurrency (the script's
 * queue of 2n URLs): enough to never wait for the store while it answers as fast as the API, and no more.
 * Thread: the loop's.
 */

#define QUEUE_CAPACITY_MIN 16 /* so that a concurrency of 1 does not read its documents in pairs */

typedef struct Queue Queue;

struct Queue {
        DocumentList documents;
        size_t n;
        size_t capacity;
};

void queue_init(Queue *queue, size_t concurrency);
void queue_deinit(Queue *queue); /* frees what is in it */

/* A smaller queue keeps what it holds, and takes more when it has shrunk. */
void queue_resize(Queue *queue, size_t concurrency);

/* How many documents to read now: 0 until half of it is free, so that reads are few. */
size_t queue_wants(const Queue *queue);

void queue_push(Queue *queue, Document *document);   /* takes over */
Document *queue_first(const Queue *queue);           /* NULL: empty */
Document *queue_next(const Document *document);      /* the one behind, or NULL */
void queue_remove(Queue *queue, Document *document); /* it is the caller's again */
