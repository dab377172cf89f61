/* Documents that were read and not sent yet. */

#include "daemon/job/queue.h"

void queue_init(Queue *queue, size_t concurrency) {
        *queue = (Queue) {};
        TAILQ_INIT(&queue->documents);
        queue_resize(queue, concurrency);
}

void queue_deinit(Queue *queue) {
        Document *document;

        while ((document = queue_first(queue))) {
                queue_remove(queue, document);
                document_free(document);
        }
}

void queue_resize(Queue *queue, size_t concurrency) {
        queue->capacity = concurrency * 2 < QUEUE_CAPACITY_MIN ? QUEUE_CAPACITY_MIN : concurrency * 2;
        queue->most_parked = concurrency * 4 < QUEUE_PARKED_MIN ? QUEUE_PARKED_MIN : concurrency * 4;
}

size_t queue_wants(const Queue *queue) {
        size_t n = queue->n - queue->n_parked;

        if (queue->n_parked >= queue->most_parked)
                return 0;

        return n <= queue->capacity / 2 ? queue->capacity - n : 0;
}

void queue_push(Queue *queue, Document *document) {
        TAILQ_INSERT_TAIL(&queue->documents, document, entry);
        queue->n++;
}

Document *queue_first(const Queue *queue) {
        return TAILQ_FIRST(&queue->documents);
}

void queue_remove(Queue *queue, Document *document) {
        TAILQ_REMOVE(&queue->documents, document, entry);
        queue->n--;
}

void queue_park(Queue *queue, Document *document) {
        TAILQ_REMOVE(&queue->documents, document, entry);
        queue->n_parked++;
}

void queue_unpark(Queue *queue, size_t n) {
        queue->n -= n;
        queue->n_parked -= n;
}
