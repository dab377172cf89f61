#pragma once

#include "daemon/control/call.h"

/*
 * Answers a call from many documents of the store: reads them page by page on a worker, one page at a time and beside
 * what other clients wait for, so that it holds up neither the loop nor the writers, and takes the same memory for
 * any collection. Thread: the loop's, but `page` is a worker's.
 */

typedef struct Scan Scan;

/* First member of what a command keeps for its call; zeroed, then filled by the command down to `release`. */
struct Scan {
        StoreWork work;
        Call *call; /* NULL: nothing more is wanted */

        /* Looks at a page, on a worker: touches only what belongs to the scan. 0 or -ENOMEM. */
        int (*page)(Scan *scan, const StorePage *page);
        /* A page was looked at, and more follow; NULL: nobody cares. */
        void (*progress)(Scan *scan);
        /* All pages were: ends `call`. The scan lives on for a moment, without it. */
        void (*finish)(Scan *scan);
        /* Frees the scan and whatever it is part of; its reader is gone. */
        void (*release)(Scan *scan);

        StoreLink *link;
        StoreReader *reader;
        uint64_t examined; /* documents */
        bool reading;
        bool rest; /* the work under way only lets go of the reader's cursor */
        bool end;
};

/*
 * Begins to read what @query names, which is copied; `call` is the scan's from now on. An error of the store ends the
 * call. Returns 0; or what store_reader_new() returned, and then the scan is still the caller's.
 */
int scan_start(Scan *scan, const StoreQuery *query);
