/* Answers a call from many documents of the store. */

#include "daemon/control/scan.h"

#define PAGE_ROWS 1000
#define PAGE_BYTES (1024u * 1024)

static void free_scan(Scan *scan) {
        store_reader_free(scan->reader);
        scan->release(scan);
}

static int run(StoreWork *work, Store *store) {
        _cleanup_(store_page_freep) StorePage *page = NULL;
        Scan *scan = (Scan *)work;
        int r;

        if (scan->rest) {
                store_reader_rest(scan->reader);
                return 0;
        }

        r = store_reader_next(scan->reader, PAGE_ROWS, PAGE_BYTES, &page, &work->failure);
        if (r)
                return r;

        scan->examined += page->n_rows;
        scan->end = page->end;
        return scan->page(scan, page);
}

static void submit(Scan *scan, bool rest) {
        scan->reading = true;
        scan->rest = rest;
        /*
         * Nobody waits for a rest. Done without having been made, as by a link that is closed, it would be left to
         * the loop to talk to a server that may say nothing.
         */
        scan->work.once = !rest;
        store_link_submit(scan->link, WORK_CLIENT, &scan->work);
}

/* Freed once its reader is at rest, which may take a word with the server. */
static void leave(Scan *scan) {
        scan->call = NULL;
        if (!scan->reading)
                submit(scan, true);
}

static void fail(Scan *scan, int r) {
        _cleanup_(user_error_deinit) UserError error = {};
        Call *call = scan->call;

        user_error_set(&error, NULL, NULL, "the store %s: %s",
                r == STORE_E_AWAY ? "does not answer" : "refuses", scan->work.failure.message);
        leave(scan);
        call_fail(call, r == STORE_E_AWAY ? REGISTRY_E_AWAY : REGISTRY_E_REFUSED, &error);
}

static void done(StoreWork *work, int r) {
        Scan *scan = (Scan *)work;

        scan->reading = false;
        if (scan->rest)
                free_scan(scan);
        else if (!scan->call)
                leave(scan);
        else if (r)
                fail(scan, r);
        else if (scan->end) {
                scan->finish(scan);
                leave(scan);
        } else {
                if (scan->progress)
                        scan->progress(scan);
                if (scan->call) /* or its peer was closed as the progress was told */
                        submit(scan, false);
        }
}

static void drop(StoreWork *work) {
        free_scan((Scan *)work);
}

static void on_gone(Call *call) {
        leave(call->userdata);
        call_free(call);
}

int scan_start(Scan *scan, const StoreQuery *query) {
        Call *call = scan->call;
        int r;

        scan->link = &call->control->registry->link;
        r = store_reader_new(scan->link->store, query, NULL, &scan->reader);
        if (r)
                return error_trace(r);

        scan->work = (StoreWork) { .run = run, .done = done, .drop = drop };
        call->userdata = scan;
        call->gone = on_gone;
        submit(scan, false);
        return 0;
}
