/* Takes documents from the queue, starts their requests, and decides what follows an answer. */

#include "daemon/job/dispatcher.h"

#include <errno.h>

#include "common/log.h"
#include "common/timeutil.h"
#include "daemon/job/exchange.h"
#include "daemon/policy/retry.h"

#define SHORT_OF_MEANS_US (100 * USEC_PER_MSEC) /* descriptors or memory ran out: look again then */
#define LOOKED_AT_ONCE 256    /* documents of the queue in one look: between looks commands are answered */
#define RETRIES_LEFT_SHARE 10 /* of the concurrency, where only retries are left (see retry_budget.h) */

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
        lanes_init(&dispatcher->lanes, dispatcher->services);
        dispatcher->random = (time_now_us() ^ (uint64_t)(uintptr_t)dispatcher) | 1;
}

size_t dispatcher_window(const Dispatcher *dispatcher) {
        return dispatcher->pacing->in_flight + dispatcher->n_parsing + dispatcher_retrying(dispatcher) +
               dispatcher->writer->unstored;
}

static void note_window(Dispatcher *dispatcher) {
        size_t now = dispatcher_window(dispatcher);

        if (now > dispatcher->window_max)
                dispatcher->window_max = now;
}

static void store_outcome(Document *document, Outcome *outcome) {
        Dispatcher *dispatcher = document->dispatcher;

        meter_add(dispatcher->outcomes, 1, time_now_us());
        if (outcome->state == OUTCOME_FAILED) {
                failure_digest_add(dispatcher->failures, outcome->reason);
                failure_stop_add_failed(dispatcher->stop, &outcome->key, outcome->reason, outcome->status);
        } else
                failure_stop_add_ok(dispatcher->stop);
        if (writer_add(dispatcher->writer, outcome, document->page)) {
                log_error("out of memory: a document is left unanswered");
                outcome_free(outcome);
        }
        document_free(document);
}

static void leave_unanswered(Document *document, Outcome *outcome) {
        outcome_free(outcome);
        document_free(document);
}

static bool wait_for_retry(Document *document, const RetryCase *attempt) {
        Dispatcher *dispatcher = document->dispatcher;
        uint64_t delay_us = retry_delay_us(dispatcher->spec, attempt->attempts, chance(dispatcher));
        /* An origin that is down uses up the attempts of few documents, and the last one of none as yet. */
        bool probes_on =
                document->ticket.breaker.probe && attempt->attempts + 1 < dispatcher->spec->retry.attempts;

        return lanes_wait(&dispatcher->lanes, document, time_now_us() + delay_us, probes_on) == 0;
}

/* Lets everybody who asks the same origin profit from what its answer says. */
static void tell_origin(Document *document, const HttpResponse *response) {
        Dispatcher *dispatcher = document->dispatcher;
        HttpOrigin *origin = document->origin;
        const OriginGate *gate = &http_origin_pace(origin)->gate;
        OriginEvents *sent = dispatcher->services->origin_events;
        uint64_t now_us = time_now_us();
        bool open = origin_gate_wait_us(gate, now_us) == 0;
        BreakerTurn turn = http_origin_end(origin, document->ticket, response,
                status_set_has(&dispatcher->spec->retry_on.statuses, response->status), now_us,
                chance(dispatcher));

        origin_event_breaker(sent, origin, turn, now_us);
        if (open)
                origin_event_held(sent, origin, origin_gate_wait_us(gate, now_us), now_us);
}

/* Whether a request was begun: not where the first address was denied, or this process lacked the means. */
static bool was_begun(const HttpResponse *response) {
        if (response->starved)
                return false;

        return response->sent ||
               (response->result != HTTP_DENIED_ADDRESS && response->result != HTTP_BAD_URL);
}

static void on_answered(Document *document, const HttpResponse *response) {
        Dispatcher *dispatcher = document->dispatcher;

        if (!was_begun(response)) {
                document->attempts--;
                dispatcher->attempts--;
        }
        if (response->starved)
                dispatcher->short_until_us = time_now_us() + SHORT_OF_MEANS_US;

        pacing_end(dispatcher->pacing);
        tell_origin(document, response);
        dispatcher->n_parsing++;
        meter_add(dispatcher->ended, 1, time_now_us());
        if (response->status)
                histogram_add(dispatcher->latency, response->total_us);
        services_kick(dispatcher->services); /* the outcome may take longer, where a worker parses the body */
}

static void on_outcome(Document *document, Outcome *outcome, const RetryCase *attempt) {
        Dispatcher *dispatcher = document->dispatcher;

        dispatcher->n_parsing--;
        TAILQ_REMOVE(&dispatcher->begun, document, entry);
        if (attempt->reason != REASON_NONE && !dispatcher->last_words &&
                retry_wanted(dispatcher->spec, attempt) && wait_for_retry(document, attempt))
                outcome_free(outcome);
        else if (attempt->starved) /* the job is cancelled: like those that wait for a retry */
                leave_unanswered(document, outcome);
        else
                store_outcome(document, outcome);

        services_kick(dispatcher->services);
}

static bool too_many_wait(const Dispatcher *dispatcher) {
        size_t most = (size_t)dispatcher->pacing->concurrency * 4;

        return dispatcher_retrying(dispatcher) >=
               (most < DISPATCHER_RETRIES_MIN ? DISPATCHER_RETRIES_MIN : most);
}

/* Without that a limit would be a limit to what was met so far, while documents that were passed over come first. */
static bool knows_how_many_were_begun(const Dispatcher *dispatcher) {
        return !dispatcher->spec->stop.limit || feeder_knows_answered(dispatcher->feeder);
}

bool dispatcher_limit_reached(const Dispatcher *dispatcher) {
        uint64_t limit = dispatcher->spec->stop.limit;

        return limit && dispatcher->started + tally_documents(feeder_answered(dispatcher->feeder)) >= limit &&
               dispatcher->queue->n > 0;
}

/* A document no request can be made of: begun and ended at once. */
static void end_unsendable(Dispatcher *dispatcher, Document *document, Outcome *outcome) {
        queue_remove(dispatcher->queue, document);
        document->dispatcher = dispatcher;
        dispatcher->started++;
        store_outcome(document, outcome);
        note_window(dispatcher);
}

/* Whether a document may be sent that never was. */
static bool new_may_start(const Dispatcher *dispatcher) {
        return !too_many_wait(dispatcher) && knows_how_many_were_begun(dispatcher) &&
               !dispatcher_limit_reached(dispatcher) &&
               !writer_full(dispatcher->writer, dispatcher->pacing->concurrency);
}

/* The document's origin is not ready, or others wait for it already: out of the way of those behind. */
static int park(Dispatcher *dispatcher, Document *document) {
        int r;

        queue_park(dispatcher->queue, document);
        r = lanes_park(&dispatcher->lanes, document);
        if (r) {
                queue_unpark(dispatcher->queue, 1);
                queue_push(dispatcher->queue, document);
        }

        return r;
}

/* Looks at the first document of the queue: 0 if it may start, else -EAGAIN where it is gone from there. */
static int look_at(Dispatcher *dispatcher, Document *document, uint64_t now_us) {
        uint64_t wait_us;
        Outcome *failed;
        int r;

        r = exchange_prepare(document, dispatcher->spec, dispatcher->services, &failed);
        if (r == EXCHANGE_E_UNSENDABLE) {
                end_unsendable(dispatcher, document, failed);
                return -EAGAIN;
        }
        if (r)
                return r;

        if (!lanes_has_parked(&dispatcher->lanes, document->origin) &&
                http_origin_check(document->origin, false, 0, now_us, &wait_us) == HTTP_ORIGIN_READY)
                return 0;

        r = park(dispatcher, document);
        return r ? r : -EAGAIN;
}

/* The first document in reading order whose origin may start: a closed one does not hold up the others. */
static Document *first_new(Dispatcher *dispatcher, uint64_t now_us) {
        unsigned looked;

        for (looked = 0; looked < LOOKED_AT_ONCE && new_may_start(dispatcher); looked++) {
                Document *document = lanes_next(&dispatcher->lanes, LANE_FIRST, 0, now_us);
                int r;

                if (document)
                        return document;

                document = queue_first(dispatcher->queue);
                if (!document)
                        break;

                r = look_at(dispatcher, document, now_us);
                if (r == 0)
                        return document;
                if (r != -EAGAIN) {
                        dispatcher->short_until_us = now_us + SHORT_OF_MEANS_US;
                        return NULL;
                }
        }

        if (looked > 0)
                services_kick(
                        dispatcher->services); /* there is room for others to be read, or more to look at */
        return NULL;
}

static Document *find_next(Dispatcher *dispatcher, uint64_t now_us) {
        uint32_t left = dispatcher->pacing->concurrency / RETRIES_LEFT_SHARE;
        Document *document;

        if (!dispatcher->dry)
                left = 0;
        else if (left == 0)
                left = 1;

        document = lanes_next(&dispatcher->lanes, LANE_RETRY, left, now_us);
        if (document)
                return document;

        document = first_new(dispatcher, now_us);
        dispatcher->dry = !document && !feeder_has_more(dispatcher->feeder);
        return document;
}

/* Whether means are lacking. Answers that are being parsed hold their bodies, and come faster than some parsers. */
static bool short_of_means(const Dispatcher *dispatcher, uint64_t now_us, uint64_t *ret_wait_us) {
        *ret_wait_us = now_us < dispatcher->short_until_us ? dispatcher->short_until_us - now_us : 0;

        return *ret_wait_us > 0 || dispatcher->n_parsing >= dispatcher->pacing->concurrency;
}

/* Why no document is next. */
static LimitedBy none_ready(const Dispatcher *dispatcher, uint64_t now_us, uint64_t *ret_wait_us) {
        if (short_of_means(dispatcher, now_us, ret_wait_us)) /* that came out when one was looked at */
                return LIMITED_BY_MEMORY;

        *ret_wait_us = lanes_wait_us(&dispatcher->lanes, now_us);
        if (dispatcher->lanes.n_due > 0 || too_many_wait(dispatcher))
                return LIMITED_BY_ORIGIN;
        if (dispatcher->queue->n == 0 || !knows_how_many_were_begun(dispatcher))
                return LIMITED_BY_SOURCE;

        return dispatcher_limit_reached(dispatcher) ? LIMITED_BY_IDLE : LIMITED_BY_ORIGIN;
}

LimitedBy dispatcher_check(Dispatcher *dispatcher, uint64_t now_us, uint64_t *ret_wait_us) {
        LimitedBy limited_by;

        *ret_wait_us = 0;
        if (writer_full(dispatcher->writer, dispatcher->pacing->concurrency))
                return LIMITED_BY_STORE;

        limited_by = pacing_check(dispatcher->pacing, now_us, ret_wait_us);
        if (limited_by != LIMITED_BY_NOTHING)
                return limited_by;

        if (short_of_means(dispatcher, now_us, ret_wait_us))
                return LIMITED_BY_MEMORY;

        dispatcher->next = find_next(dispatcher, now_us);
        return dispatcher->next ? LIMITED_BY_NOTHING : none_ready(dispatcher, now_us, ret_wait_us);
}

/* Takes the document out of the place where it waited. */
static void take(Dispatcher *dispatcher, Document *document) {
        bool retry = document->dispatcher;

        if (document->lane) {
                lanes_take(&dispatcher->lanes, document);
                if (!retry)
                        queue_unpark(dispatcher->queue, 1);
        } else
                queue_remove(dispatcher->queue, document);

        if (!retry)
                dispatcher->started++;
        document->dispatcher = dispatcher;
}

/* Out of descriptors or memory: the document keeps its place, and nothing starts for a moment. */
static void not_now(Dispatcher *dispatcher, Document *document, uint64_t now_us) {
        document->attempts--;
        dispatcher->short_until_us = now_us + SHORT_OF_MEANS_US;
}

void dispatcher_start(Dispatcher *dispatcher, uint64_t now_us) {
        Document *document = TAKE_PTR(dispatcher->next);
        bool retry = document->dispatcher;

        document->attempts++;
        document->n = dispatcher->pacing->in_flight + 1;
        if (exchange_begin(document, dispatcher->spec, &dispatcher->writer->target, dispatcher->services,
                    on_answered, on_outcome)) {
                not_now(dispatcher, document, now_us);
                return;
        }

        take(dispatcher, document);
        document->ticket = http_origin_begin(document->origin, retry, now_us);
        pacing_begin(dispatcher->pacing, now_us);
        TAILQ_INSERT_TAIL(&dispatcher->begun, document, entry);
        dispatcher->attempts++;
        note_window(dispatcher);
}

void dispatcher_drop_waiting(Dispatcher *dispatcher) {
        queue_unpark(dispatcher->queue, dispatcher->lanes.n_parked);
        lanes_deinit(&dispatcher->lanes);
}

void dispatcher_deinit(Dispatcher *dispatcher) {
        Document *document;

        while ((document = TAILQ_FIRST(&dispatcher->begun))) {
                TAILQ_REMOVE(&dispatcher->begun, document, entry);
                document_free(document);
        }
        dispatcher_drop_waiting(dispatcher);
}
