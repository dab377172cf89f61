/* How far everything is acknowledged. */

#include "daemon/job/watermark.h"

#include <stdlib.h>

void watermark_init(Watermark *watermark, const bson_value_t *at, const Tally *tally) {
        *watermark = (Watermark) { .tally = *tally };
        TAILQ_INIT(&watermark->pages);
        if (at)
                bson_value_copy(at, &watermark->at);
}

static void page_free(Watermark *watermark, WatermarkPage *page) {
        TAILQ_REMOVE(&watermark->pages, page, entry);
        watermark->n_pages--;
        bson_value_destroy(&page->last);
        free(page);
}

void watermark_deinit(Watermark *watermark) {
        WatermarkPage *page;

        while ((page = TAILQ_FIRST(&watermark->pages)))
                page_free(watermark, page);
        bson_value_destroy(&watermark->at);
}

static bool is_full(const WatermarkPage *page) {
        return page->documents >= WATERMARK_PAGE_DOCUMENTS;
}

WatermarkPage *watermark_page(Watermark *watermark) {
        WatermarkPage *page = TAILQ_LAST(&watermark->pages, WatermarkPages);

        if (page && !is_full(page))
                return page;
        if (watermark->n_pages >= WATERMARK_PAGES_MAX)
                return NULL;

        page = calloc(1, sizeof(*page));
        if (!page)
                return NULL;

        TAILQ_INSERT_TAIL(&watermark->pages, page, entry);
        watermark->n_pages++;
        return page;
}

void watermark_add(WatermarkPage *page, const bson_value_t *key) {
        bson_value_destroy(&page->last);
        bson_value_copy(key, &page->last);
        page->documents++;
        page->open++;
}

const bson_value_t *watermark_last(const Watermark *watermark) {
        const WatermarkPage *page;

        TAILQ_FOREACH_REVERSE(page, &watermark->pages, WatermarkPages, entry)
                if (page->documents)
                        return &page->last;

        return watermark->at.value_type == BSON_TYPE_EOD ? NULL : &watermark->at;
}

static bool fold(Watermark *watermark) {
        WatermarkPage *page;
        bool moved = false;

        while ((page = TAILQ_FIRST(&watermark->pages))) {
                if (page->open || (!is_full(page) && !watermark->reading_ended))
                        break;

                if (page->documents) {
                        bson_value_destroy(&watermark->at);
                        watermark->at = page->last;
                        page->last = (bson_value_t) {};
                        tally_add(&watermark->tally, &page->tally);
                        moved = true;
                }
                page_free(watermark, page);
        }

        return moved;
}

void watermark_end(Watermark *watermark) {
        watermark->reading_ended = true;
        fold(watermark);
}

bool watermark_finish(Watermark *watermark, WatermarkPage *page, const Tally *tally) {
        tally_add(&page->tally, tally);
        page->open--;
        return page->open == 0 && fold(watermark);
}
