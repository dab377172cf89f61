/* Takes documents from the queue, starts their requests, and decides what follows an answer. */

#include "daemon/job/dispatcher.h"

#include <event2/event.h>

#include "common/log.h"
#include "common/timeutil.h"
#include "daemon/job/exchange.h"
#include "daemon/policy/retry.h"

#define SHORT_OF_MEANS_US (100 * USEC_PER_MSEC) /* descriptors or memory ran out: look again then */
#define ORIGIN_LOOK_US (50 * USEC_PER_MSEC)     /* nobody tells when a name is resolved: look again then */

/* xorshift64* (S. Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled"). */
static uint64_t chance(Dispatcher *dispatcher) {
        uint64_t x = dispatcher->random;

        x ^= x >> 12;
        x ^= x << 25;
        x ^= x >> 27;
        dispatcher->random = x;
        return x * UINT64_C(2685821657736338717);
}

void dispatcher_init(Dispatcher *dispatcher) {
        TAILQ_INIT(&dispatcher->begun);
        TAILQ_INIT(&dispatcher->waiting);
        TAILQ_INIT(&dispatcher->due);
        dispatcher->random = (time_now_us() ^ (uint64_t)(uintptr_t)dispatcher) | 1;
}

size_t dispatcher_window(const Dispatcher *dispatcher) {
        return dispatcher->pacing->in_flight + dispatcher->n_parsing + dispatcher->n_waiting +
               dispatcher->n_due + dispatcher->writer->unstored;
}

static void note_window(Dispatcher *dispatcher) {
        size_t now = dispatcher_window(dispatcher);

        if (now > dispatcher->window_max)
                dispatcher->window_max = now;
}

static void store_outcome(Document *document, Outcome *outcome) {
        Dispatcher *dispatcher = document->dispatcher;

        meter_add(dispatcher->outcomes, 1, time_now_us());
        if (outcome->state == OUTCOME_FAILED)
                failure_digest_add(dispatcher->failures, outcome->reason);
        if (writer_add(dispatcher->writer, outcome, document->page)) {
                log_error("out of memory: a document is left unanswered");
                outcome_free(outcome);
        }
        document_free(document);
}

static void on_due(int fd, short what, void *userdata) {
        Document *document = userdata;
        Dispatcher *dispatcher = document->dispatcher;

        TAILQ_REMOVE(&dispatcher->waiting, document, entry);
        dispatcher->n_waiting--;
        TAILQ_INSERT_TAIL(&dispatcher->due, document, entry);
        dispatcher->n_due++;
        services_kick(dispatcher->services);
}

static bool wait_for_retry(Document *document, uint64_t delay_us) {
        Dispatcher *dispatcher = document->dispatcher;
        struct timeval delay = {
                .tv_sec = (time_t)(delay_us / USEC_PER_SEC),
                .tv_usec = (suseconds_t)(delay_us % USEC_PER_SEC),
        };

        if (!document->timer)
                document->timer = evtimer_new(dispatcher->services->base, on_due, document);
        if (!document->timer || event_add(document->timer, &delay))
                return false;

        TAILQ_INSERT_TAIL(&dispatcher->waiting, document, entry);
        dispatcher->n_waiting++;
        return true;
}

static void on_answered(Document *document, const HttpResponse *response) {
        Dispatcher *dispatcher = document->dispatcher;

        pacing_end(dispatcher->pacing);
        dispatcher->n_parsing++;
        meter_add(dispatcher->ended, 1, time_now_us());
        if (response->status)
                histogram_add(dispatcher->latency, response->total_us);
}

static void on_outcome(Document *document, Outcome *outcome, const RetryCase *attempt) {
        Dispatcher *dispatcher = document->dispatcher;

        dispatcher->n_parsing--;
        TAILQ_REMOVE(&dispatcher->begun, document, entry);
        if (attempt->reason != REASON_NONE && !dispatcher->last_words &&
                retry_wanted(dispatcher->spec, attempt) &&
                wait_for_retry(
                        document, retry_delay_us(dispatcher->spec, attempt->attempts, chance(dispatcher))))
                outcome_free(outcome);
        else
                store_outcome(document, outcome);

        services_kick(dispatcher->services);
}

static bool too_many_wait(const Dispatcher *dispatcher) {
        size_t most = (size_t)dispatcher->pacing->concurrency * 4;

        return dispatcher->n_waiting + dispatcher->n_due >= (most < WAITING_MIN ? WAITING_MIN : most);
}

static Document *first_due(Dispatcher *dispatcher) {
        Document *document;

        TAILQ_FOREACH(document, &dispatcher->due, entry)
                if (http_origin_ready(document->origin))
                        return document;

        return NULL;
}

bool dispatcher_limit_reached(const Dispatcher *dispatcher) {
        uint64_t limit = dispatcher->spec->stop.limit;

        return limit && dispatcher->started + *dispatcher->answered >= limit &&
               queue_first(dispatcher->queue);
}

/* A document no request can be made of: begun and ended at once. */
static void end_unsendable(Dispatcher *dispatcher, Document *document, Outcome *outcome) {
        queue_remove(dispatcher->queue, document);
        document->dispatcher = dispatcher;
        dispatcher->started++;
        store_outcome(document, outcome);
        note_window(dispatcher);
}

/* The first document of the queue whose origin may start: one closed origin does not hold up the others. */
static Document *first_queued(Dispatcher *dispatcher) {
        Document *document, *behind;

        for (document = queue_first(dispatcher->queue); document; document = behind) {
                Outcome *failed;
                int r;

                behind = queue_next(document);
                if (dispatcher_limit_reached(dispatcher) ||
                        writer_full(dispatcher->writer, dispatcher->pacing->concurrency))
                        return NULL;

                r = exchange_prepare(document, dispatcher->spec, dispatcher->services, &failed);
                if (r == EXCHANGE_E_UNSENDABLE)
                        end_unsendable(dispatcher, document, failed);
                else if (r == 0 && http_origin_ready(document->origin))
                        return document;
        }

        return NULL;
}

/* Why no document is next. */
static LimitedBy none_ready(const Dispatcher *dispatcher, uint64_t *ret_wait_us) {
        if (TAILQ_EMPTY(&dispatcher->due) && !too_many_wait(dispatcher)) {
                if (!queue_first(dispatcher->queue))
                        return LIMITED_BY_SOURCE;
                if (dispatcher_limit_reached(dispatcher))
                        return LIMITED_BY_IDLE;
        }

        *ret_wait_us = ORIGIN_LOOK_US;
        return LIMITED_BY_ORIGIN;
}

LimitedBy dispatcher_check(Dispatcher *dispatcher, uint64_t now_us, uint64_t *ret_wait_us) {
        LimitedBy limited_by;

        *ret_wait_us = 0;
        if (writer_full(dispatcher->writer, dispatcher->pacing->concurrency))
                return LIMITED_BY_STORE;

        limited_by = pacing_check(dispatcher->pacing, now_us, ret_wait_us);
        if (limited_by != LIMITED_BY_NOTHING)
                return limited_by;

        if (now_us < dispatcher->short_until_us) {
                *ret_wait_us = dispatcher->short_until_us - now_us;
                return LIMITED_BY_MEMORY;
        }

        dispatcher->next = first_due(dispatcher);
        if (!dispatcher->next && !too_many_wait(dispatcher))
                dispatcher->next = first_queued(dispatcher);

        return dispatcher->next ? LIMITED_BY_NOTHING : none_ready(dispatcher, ret_wait_us);
}

/* Takes the document out of the list that it stands in. Returns whether it begins for the first time. */
static bool take(Dispatcher *dispatcher, Document *document) {
        if (document->dispatcher) {
                TAILQ_REMOVE(&dispatcher->due, document, entry);
                dispatcher->n_due--;
                return false;
        }

        queue_remove(dispatcher->queue, document);
        return true;
}

/* Out of descriptors or memory: the document keeps its place, and nothing starts for a moment. */
static void put_back(Dispatcher *dispatcher, Document *document, uint64_t now_us) {
        dispatcher->short_until_us = now_us + SHORT_OF_MEANS_US;
        pacing_end(dispatcher->pacing);
        document->attempts--;
        TAILQ_INSERT_HEAD(&dispatcher->due, document, entry);
        dispatcher->n_due++;
}

void dispatcher_start(Dispatcher *dispatcher, uint64_t now_us) {
        Document *document = TAKE_PTR(dispatcher->next);

        if (take(dispatcher, document))
                dispatcher->started++;

        document->dispatcher = dispatcher;
        document->attempts++;
        pacing_begin(dispatcher->pacing, now_us);
        document->n = dispatcher->pacing->in_flight;

        if (exchange_begin(document, dispatcher->spec, dispatcher->services, on_answered, on_outcome)) {
                put_back(dispatcher, document, now_us);
                return;
        }

        TAILQ_INSERT_TAIL(&dispatcher->begun, document, entry);
        dispatcher->attempts++;
        note_window(dispatcher);
}

static void drop_all(DocumentList *documents) {
        Document *document;

        while ((document = TAILQ_FIRST(documents))) {
                TAILQ_REMOVE(documents, document, entry);
                document_free(document);
        }
}

void dispatcher_drop_waiting(Dispatcher *dispatcher) {
        drop_all(&dispatcher->waiting);
        drop_all(&dispatcher->due);
        dispatcher->n_waiting = dispatcher->n_due = 0;
}

void dispatcher_deinit(Dispatcher *dispatcher) {
        drop_all(&dispatcher->begun);
        dispatcher_drop_waiting(dispatcher);
}
