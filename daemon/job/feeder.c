/* Reads pages of pending documents into the queue. */

#include "daemon/job/feeder.h"

#include <errno.h>
#include <event2/event.h>

#include "common/error.h"
#include "common/timeutil.h"

#define READ_BYTES_MAX (8u * 1024 * 1024)
#define READ_ROWS_MAX 5000u
#define SHORT_OF_MEMORY_US (100 * USEC_PER_MSEC)

/* One call of a reader: a page, or a rest of both where `max_rows` is 0. */
struct FeederRead {
        StoreWork work;
        Feeder *feeder;
        StoreReader *reader;
        StoreReader *ahead; /* NULL: there is none, or `reader` is to be read from */
        size_t max_rows;
        StorePage *page;
};

static int run_read(StoreWork *work, Store *store) {
        FeederRead *read = (FeederRead *)work;

        if (read->max_rows)
                return store_reader_next(read->ahead ? read->ahead : read->reader, read->max_rows,
                        READ_BYTES_MAX, &read->page, &work->failure);

        store_reader_rest(read->reader);
        if (read->ahead)
                store_reader_rest(read->ahead);
        return 0;
}

static void count_row(Tally *tally, const StoreRow *row) {
        tally_outcome(tally, row->state == OUTCOME_OK ? REASON_NONE : row->reason, row->attempts);
}

static void take_answered(Feeder *feeder, WatermarkPage *page, const StoreRow *row) {
        Tally tally = {};

        count_row(&tally, row);
        tally_add(&feeder->answered, &tally);
        if (!feeder->looked_ahead) /* else it is counted already */
                tally_add(feeder->tally, &tally);
        watermark_finish(feeder->watermark, page, &tally);
}

static int take_row(Feeder *feeder, StoreRow *row) {
        WatermarkPage *page;
        Document *document;
        bson_iter_t id;

        /* feeder_run() saw room for one page of documents at least, and a read is never longer than that. */
        page = watermark_page(feeder->watermark);
        if (!page || !bson_iter_init_find(&id, row->document, "_id"))
                return error_trace(-ENOMEM);

        document = document_new(row->document, page);
        if (!document)
                return error_trace(-ENOMEM);
        row->document = NULL;

        watermark_add(page, bson_iter_value(&id));
        if (row->answered) {
                document_free(document);
                take_answered(feeder, page, row);
        } else
                queue_push(feeder->queue, document);

        return 0;
}

/* Memory has run out: what is at hand stays there, so that reading misses nothing when it goes on. */
static void go_on_later(Feeder *feeder) {
        static const struct timeval later = { .tv_usec = SHORT_OF_MEMORY_US };

        event_add(feeder->again, &later);
}

/* What was met takes the place of what was found: documents may have come or gone between. */
static void settle(Feeder *feeder) {
        if (!feeder->looked_ahead)
                return;

        tally_subtract(feeder->tally, &feeder->found_ahead);
        tally_add(feeder->tally, &feeder->answered);
        feeder->found_ahead = feeder->answered;
}

/* The reader stands behind this page: whoever left a row of it would never see it again. */
static void take_page(Feeder *feeder) {
        const StorePage *page = feeder->page;

        for (; feeder->taken < page->n_rows; feeder->taken++)
                if (take_row(feeder, &page->rows[feeder->taken])) {
                        go_on_later(feeder);
                        return;
                }

        if (page->end) {
                feeder->ended = true;
                watermark_end(feeder->watermark);
                settle(feeder);
        }

        feeder->page = store_page_free(feeder->page);
        feeder->taken = 0;
}

static void take_ahead(Feeder *feeder, StorePage *page) {
        for (size_t i = 0; i < page->n_rows; i++)
                count_row(&feeder->found_ahead, &page->rows[i]);
        if (page->end) {
                feeder->looked_ahead = true;
                tally_subtract(feeder->tally, &feeder->answered);
                tally_add(feeder->tally, &feeder->found_ahead);
        }
        store_page_free(page);
}

static void read_done(StoreWork *work, int r) {
        FeederRead *read = (FeederRead *)work;
        Feeder *feeder = read->feeder;

        feeder->read = NULL;
        if (r == -ENOMEM)
                go_on_later(feeder); /* the reader stands where it stood */
        else if (r) {
                feeder->refused = true;
                feeder->refuse(&work->failure, feeder->userdata);
        } else if (feeder->ended) /* the job has been cancelled meanwhile */
                store_page_free(read->page);
        else if (read->page && read->ahead)
                take_ahead(feeder, read->page);
        else if (read->page) {
                feeder->page = read->page;
                take_page(feeder);
        }

        free(read);
        services_kick(feeder->services);
}

static void read_drop(StoreWork *work) {
        store_page_free(((FeederRead *)work)->page);
        free(work);
}

static void submit(Feeder *feeder, StoreReader *ahead, size_t max_rows) {
        FeederRead *read = calloc(1, sizeof(*read));

        if (!read) {
                go_on_later(feeder);
                return;
        }

        *read = (FeederRead) {
                .work = { .run = run_read, .done = read_done, .drop = read_drop },
                .feeder = feeder,
                .reader = feeder->reader,
                .ahead = ahead,
                .max_rows = max_rows,
        };
        feeder->read = read;
        feeder->resting = !max_rows;
        store_link_submit(feeder->services->link, WORK_READ, &read->work);
}

static void on_again(int fd, short what, void *userdata) {
        services_kick(((Feeder *)userdata)->services);
}

/* Of the documents themselves nothing is needed. */
static StoreQuery answered_query(const StoreTarget *target) {
        static const char *const id_only[] = { NULL };

        return (StoreQuery) { .selection = STORE_SELECT_ANSWERED, .target = *target, .fields = id_only };
}

int feeder_init(Feeder *feeder, const StoreQuery *query) {
        StoreQuery answered = answered_query(&query->target);

        feeder->resting = true;
        feeder->target = query->target;
        feeder->again = evtimer_new(feeder->services->base, on_again, feeder);
        if (!feeder->again)
                return -ENOMEM;

        return store_reader_new(feeder->services->link->store, feeder->counts ? &answered : query,
                watermark_last(feeder->watermark), &feeder->reader);
}

void feeder_deinit(Feeder *feeder) {
        feeder->page = store_page_free(feeder->page);
        if (feeder->again)
                event_free(feeder->again);
        feeder->again = NULL;
        feeder->ahead = store_reader_free(feeder->ahead);
        feeder->reader = store_reader_free(feeder->reader);
}

/* How many documents to read now; 0: none. */
static size_t wanted(const Feeder *feeder) {
        if (feeder->read || feeder->ended || feeder->refused)
                return 0;
        if (feeder->watermark->n_pages + 1 >= WATERMARK_PAGES_MAX)
                return 0; /* an early document keeps the watermark down; it will end within its attempts */

        return feeder->counts ? READ_ROWS_MAX : queue_wants(feeder->queue);
}

bool feeder_has_more(const Feeder *feeder) {
        return feeder->read || wanted(feeder) > 0;
}

/* What this daemon has sent lies before the last row, and has no place in what is found behind it. */
static void look_ahead(Feeder *feeder) {
        StoreQuery query = answered_query(&feeder->target);

        if (!feeder->ahead) {
                if (store_reader_new(feeder->services->link->store, &query, watermark_last(feeder->watermark),
                            &feeder->ahead)) {
                        go_on_later(feeder);
                        return;
                }
                feeder->found_ahead = feeder->answered;
        }

        submit(feeder, feeder->ahead, READ_ROWS_MAX);
}

const Tally *feeder_answered(const Feeder *feeder) {
        return feeder->looked_ahead ? &feeder->found_ahead : &feeder->answered;
}

bool feeder_knows_answered(const Feeder *feeder) {
        return !feeder->resumes || feeder->looked_ahead || feeder->ended;
}

void feeder_run(Feeder *feeder) {
        size_t rows;

        if (event_pending(feeder->again, EV_TIMEOUT, NULL))
                return;
        if (feeder->page && !feeder->ended) {
                take_page(feeder);
                services_kick(feeder->services);
                return;
        }

        rows = wanted(feeder);
        if (!feeder_knows_answered(feeder) && (feeder->ahead || (feeder->looks_ahead && rows == 0))) {
                if (!feeder->read && !feeder->refused)
                        look_ahead(feeder);
        } else if (rows > 0)
                submit(feeder, NULL, rows < READ_ROWS_MAX ? rows : READ_ROWS_MAX);
}

void feeder_rest(Feeder *feeder) {
        if (!feeder->read && !feeder->resting)
                submit(feeder, feeder->ahead, 0);
}

void feeder_again(Feeder *feeder) {
        feeder->refused = false;
}
