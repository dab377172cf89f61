#pragma once

#include <bson/bson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "daemon/measure/tally.h"

/*
 * How far everything is acknowledged: the last _id, in reading order, up to which every document has its
 * outcome in the store, with the totals of all of them. It moves by pages of what was read: a page folds into
 * it when its documents are all finished and all earlier pages have folded. A restarted daemon reads on from
 * there.
 *
 * Pure bookkeeping: pages belong to the watermark. Thread: the loop's.
 */

#define WATERMARK_PAGES_MAX 64
#define WATERMARK_PAGE_DOCUMENTS 5000

typedef struct Watermark Watermark;
typedef struct WatermarkPage WatermarkPage;

struct WatermarkPage {
        TAILQ_ENTRY(WatermarkPage) entry;
        bson_value_t last; /* of the documents read into it */
        size_t documents;
        size_t open; /* not finished yet */
        Tally tally; /* of the finished ones */
};

struct Watermark {
        TAILQ_HEAD(WatermarkPages, WatermarkPage) pages; /* open ones, oldest first */
        size_t n_pages;
        bson_value_t at; /* BSON_TYPE_EOD: nothing folded yet */
        Tally tally;     /* of everything at or before `at` */
        bool reading_ended;
};

/* @at (NULL: from the start) is copied, @tally too. */
void watermark_init(Watermark *watermark, const bson_value_t *at, const Tally *tally);
void watermark_deinit(Watermark *watermark);

/* The page that the next document belongs to; NULL when too many are open, or without memory. */
WatermarkPage *watermark_page(Watermark *watermark);

/* The _id of the last document added, or where it began; NULL: nothing was read yet. Good until the next change. */
const bson_value_t *watermark_last(const Watermark *watermark);

/* One more document, in reading order, that is not finished yet. @key is copied. */
void watermark_add(WatermarkPage *page, const bson_value_t *key);

/* No further document will come; the last page may fold although it is not full. */
void watermark_end(Watermark *watermark);

/*
 * One of @page's documents is finished and counted in @tally. Returns whether the watermark moved; then @page
 * may be gone.
 */
bool watermark_finish(Watermark *watermark, WatermarkPage *page, const Tally *tally);
