/* Sends outcomes to the store in bulks. */

#include "daemon/job/writer.h"

#include <errno.h>
#include <event2/event.h>

#include "common/error.h"
#include "common/fault.h"
#include "common/timeutil.h"

#define BULK_OUTCOMES_MAX 1000
#define BULK_BYTES_MAX (8u * 1024 * 1024)
#define BULK_AGE_US (50 * USEC_PER_MSEC)
#define SENT_MAX 2 /* one travels while the other is being written */
#define UNSTORED_MIN 2000
#define UNSTORED_BYTES_MAX (32u * 1024 * 1024)

struct WriterBulk {
        StoreWork work;
        TAILQ_ENTRY(WriterBulk) entry;
        Writer *writer;
        StoreTarget target;
        size_t n;
        size_t bytes;
        Outcome *outcomes[BULK_OUTCOMES_MAX];
        WatermarkPage *pages[BULK_OUTCOMES_MAX];
        StoreResult results[BULK_OUTCOMES_MAX];
};

static void send_ready(Writer *writer);

static int run_write(StoreWork *work, Store *store) {
        WriterBulk *bulk = (WriterBulk *)work;

        int r;

        r = store_write(store, &bulk->target, bulk->outcomes, bulk->n, bulk->results, &work->failure);
        fault_point(FAULT_WRITTEN);
        return r;
}

static void bulk_free(WriterBulk *bulk) {
        for (size_t i = 0; i < bulk->n; i++)
                outcome_free(bulk->outcomes[i]);
        free(bulk);
}

static void write_drop(StoreWork *work) {
        bulk_free((WriterBulk *)work);
}

static Tally result_tally(const Outcome *outcome, StoreResult result) {
        Tally tally = {};

        switch (result) {
        case STORE_RESULT_GONE:
                tally.gone = 1;
                tally.attempts = outcome->attempts;
                break;
        case STORE_RESULT_OK_STANDS:
                tally_outcome(&tally, REASON_NONE, outcome->attempts);
                break;
        case STORE_RESULT_REFUSED:
                tally_outcome(&tally, REASON_STORE_REFUSED, outcome->attempts);
                break;
        case STORE_RESULT_STORED:
                tally_outcome(&tally, outcome->state == OUTCOME_OK ? REASON_NONE : outcome->reason,
                        outcome->attempts);
                break;
        }

        return tally;
}

static void bulk_stored(WriterBulk *bulk) {
        Writer *writer = bulk->writer;
        bool moved = false;

        for (size_t i = 0; i < bulk->n; i++) {
                Tally tally = result_tally(bulk->outcomes[i], bulk->results[i]);

                tally_add(writer->tally, &tally);
                moved |= watermark_finish(writer->watermark, bulk->pages[i], &tally);
        }

        writer->unstored -= bulk->n;
        writer->bytes -= bulk->bytes;
        bulk_free(bulk);
        fault_point(FAULT_ACKNOWLEDGED);
        if (moved)
                writer->moved(writer->userdata);
}

static void write_done(StoreWork *work, int r) {
        WriterBulk *bulk = (WriterBulk *)work;
        Writer *writer = bulk->writer;

        writer->n_sent--;
        if (r == 0)
                bulk_stored(bulk);
        else {
                TAILQ_INSERT_TAIL(&writer->refused, bulk, entry);
                writer->refuse(&work->failure, writer->userdata);
        }

        send_ready(writer);
        if (writer->filling && !event_pending(writer->timer, EV_TIMEOUT, NULL))
                writer_flush(writer); /* it grew old while nothing could be sent */
        services_kick(writer->services);
}

static void send_ready(Writer *writer) {
        WriterBulk *bulk;

        while (writer->n_sent < SENT_MAX && (bulk = TAILQ_FIRST(&writer->ready))) {
                TAILQ_REMOVE(&writer->ready, bulk, entry);
                writer->n_sent++;
                store_link_submit(writer->services->link, WORK_WRITE, &bulk->work);
        }
}

/* No further outcome goes into the bulk that is being filled. */
static void seal(Writer *writer) {
        event_del(writer->timer);
        TAILQ_INSERT_TAIL(&writer->ready, writer->filling, entry);
        writer->filling = NULL;
}

void writer_flush(Writer *writer) {
        send_ready(writer);
        /* While the store is busy with enough, the bulk had better grow. */
        if (writer->filling && writer->n_sent < SENT_MAX) {
                seal(writer);
                send_ready(writer);
        }
}

static void on_age(int fd, short what, void *userdata) {
        writer_flush(userdata);
}

int writer_init(Writer *writer) {
        TAILQ_INIT(&writer->ready);
        TAILQ_INIT(&writer->refused);
        writer->timer = evtimer_new(writer->services->base, on_age, writer);
        return writer->timer ? 0 : -ENOMEM;
}

void writer_deinit(Writer *writer) {
        WriterBulk *bulk;

        TAILQ_CONCAT(&writer->ready, &writer->refused, entry);
        while ((bulk = TAILQ_FIRST(&writer->ready))) {
                TAILQ_REMOVE(&writer->ready, bulk, entry);
                bulk_free(bulk);
        }
        if (writer->filling)
                bulk_free(TAKE_PTR(writer->filling));
        if (writer->timer)
                event_free(writer->timer);
        writer->timer = NULL;
}

static int begin_bulk(Writer *writer) {
        struct timeval age = { .tv_usec = (suseconds_t)BULK_AGE_US };
        WriterBulk *bulk = malloc(sizeof(*bulk));

        if (!bulk)
                return error_trace(-ENOMEM);

        bulk->work = (StoreWork) { .run = run_write, .done = write_done, .drop = write_drop };
        bulk->writer = writer;
        bulk->target = writer->target;
        bulk->n = bulk->bytes = 0;
        writer->filling = bulk;
        event_add(writer->timer, &age);
        return 0;
}

int writer_add(Writer *writer, Outcome *outcome, WatermarkPage *page) {
        size_t size = outcome_size(outcome);
        WriterBulk *bulk;
        int r;

        if (!writer->filling) {
                r = begin_bulk(writer);
                if (r)
                        return r;
        }

        bulk = writer->filling;
        bulk->outcomes[bulk->n] = outcome;
        bulk->pages[bulk->n++] = page;
        bulk->bytes += size;
        writer->unstored++;
        writer->bytes += size;
        fault_point(FAULT_HANDED);

        if (bulk->n == BULK_OUTCOMES_MAX || bulk->bytes >= BULK_BYTES_MAX) {
                seal(writer);
                send_ready(writer);
        }
        return 0;
}

bool writer_full(const Writer *writer, size_t concurrency) {
        size_t most = concurrency * 2 < UNSTORED_MIN ? UNSTORED_MIN : concurrency * 2;

        return writer->unstored >= most || writer->bytes >= UNSTORED_BYTES_MAX;
}

bool writer_settled(const Writer *writer) {
        return !writer->n_sent && !writer->filling && TAILQ_EMPTY(&writer->ready);
}

void writer_again(Writer *writer) {
        TAILQ_CONCAT(&writer->ready, &writer->refused, entry);
        send_ready(writer);
}

size_t writer_forget_refused(Writer *writer) {
        WriterBulk *bulk;
        size_t n = 0;

        while ((bulk = TAILQ_FIRST(&writer->refused))) {
                TAILQ_REMOVE(&writer->refused, bulk, entry);
                n += bulk->n;
                writer->bytes -= bulk->bytes;
                bulk_free(bulk);
        }

        writer->unstored -= n;
        return n;
}
