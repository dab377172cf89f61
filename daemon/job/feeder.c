/* Reads pages of pending documents into the queue. */

#include "daemon/job/feeder.h"

#include <errno.h>

#include "common/error.h"

#define READ_BYTES_MAX (8u * 1024 * 1024)
#define READ_ROWS_MAX 5000u

/* One call of the reader: a page, or a rest where `max_rows` is 0. */
struct FeederRead {
        StoreWork work;
        Feeder *feeder;
        StoreReader *reader;
        size_t max_rows;
        StorePage *page;
};

static int run_read(StoreWork *work, Store *store) {
        FeederRead *read = (FeederRead *)work;

        if (!read->max_rows) {
                store_reader_rest(read->reader);
                return 0;
        }

        return store_reader_next(read->reader, read->max_rows, READ_BYTES_MAX, &read->page, &work->failure);
}

static void take_answered(Feeder *feeder, WatermarkPage *page, const StoreRow *row) {
        Tally tally = {};

        tally_outcome(&tally, row->state == OUTCOME_OK ? REASON_NONE : row->reason, row->attempts);
        tally_add(feeder->tally, &tally);
        feeder->answered++;
        feeder->answered_attempts += row->attempts;
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

static int take_page(Feeder *feeder, StorePage *page) {
        for (size_t i = 0; i < page->n_rows; i++) {
                int r = take_row(feeder, &page->rows[i]);

                if (r)
                        return r;
        }

        if (page->end) {
                feeder->ended = true;
                watermark_end(feeder->watermark);
        }

        return 0;
}

static void read_done(StoreWork *work, int r) {
        FeederRead *read = (FeederRead *)work;
        _cleanup_(store_page_freep) StorePage *page = read->page;
        Feeder *feeder = read->feeder;

        feeder->read = NULL;
        if (!r && page && !feeder->ended) /* the job may have been cancelled meanwhile */
                r = take_page(feeder, page);

        if (r) {
                feeder->refused = true;
                feeder->refuse(&work->failure, feeder->userdata);
        }

        free(read);
        services_kick(feeder->services);
}

static void read_drop(StoreWork *work) {
        store_page_free(((FeederRead *)work)->page);
        free(work);
}

static void submit(Feeder *feeder, size_t max_rows) {
        FeederRead *read = calloc(1, sizeof(*read));

        if (!read)
                return; /* the next turn tries again */

        *read = (FeederRead) {
                .work = { .run = run_read, .done = read_done, .drop = read_drop },
                .feeder = feeder,
                .reader = feeder->reader,
                .max_rows = max_rows,
        };
        feeder->read = read;
        feeder->resting = !max_rows;
        store_link_submit(feeder->services->link, WORK_READ, &read->work);
}

int feeder_init(Feeder *feeder, const StoreQuery *query) {
        const Watermark *watermark = feeder->watermark;

        feeder->resting = true;
        return store_reader_new(feeder->services->link->store, query,
                watermark->at.value_type == BSON_TYPE_EOD ? NULL : &watermark->at, &feeder->reader);
}

void feeder_deinit(Feeder *feeder) {
        feeder->reader = store_reader_free(feeder->reader);
}

void feeder_run(Feeder *feeder) {
        size_t rows = queue_wants(feeder->queue);

        if (!rows || feeder->read || feeder->ended || feeder->refused)
                return;
        if (feeder->watermark->n_pages + 1 >= WATERMARK_PAGES_MAX)
                return; /* an early document keeps the watermark down; it will end within its attempts */

        submit(feeder, rows < READ_ROWS_MAX ? rows : READ_ROWS_MAX);
}

void feeder_rest(Feeder *feeder) {
        if (!feeder->read && !feeder->resting)
                submit(feeder, 0);
}

void feeder_again(Feeder *feeder) {
        feeder->refused = false;
}
