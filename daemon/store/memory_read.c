/* Reads a store in memory: each document says by its own meta whether it is selected. */

#include <errno.h>
#include <string.h>

#include "daemon/store/memory_internal.h"

typedef struct MemoryReader {
        StoreReader base;
        Selection *selection;
        bson_value_t last; /* _id of the last row given; BSON_TYPE_EOD at the beginning */
} MemoryReader;

void memory_reader_free(StoreReader *base) {
        MemoryReader *reader = (MemoryReader *)base;

        selection_free(reader->selection);
        bson_value_destroy(&reader->last);
        free(reader);
}

int memory_reader_new(
        Store *base, const StoreQuery *query, const bson_value_t *after, StoreReader **ret_reader) {
        MemoryReader *reader = calloc(1, sizeof(*reader));
        int r;

        if (!reader)
                return -ENOMEM;

        r = selection_new(query, &reader->selection);
        if (r) {
                memory_reader_free(&reader->base);
                return error_trace(r);
        }

        if (after)
                bson_value_copy(after, &reader->last);

        reader->base.store = base;
        *ret_reader = &reader->base;
        return 0;
}

static int64_t number_of(const bson_t *meta, const char *name) {
        bson_iter_t iter;

        return selection_find(meta, name, &iter) ? bson_iter_as_int64(&iter) : 0;
}

static const char *text_of(const bson_t *meta, const char *name) {
        bson_iter_t iter;

        return selection_find(meta, name, &iter) && BSON_ITER_HOLDS_UTF8(&iter) ? bson_iter_utf8(&iter, NULL)
                                                                                : "";
}

MemoryMeta memory_meta(const bson_t *document, const char *field, const bson_oid_t *job) {
        bson_iter_t iter, id;
        MemoryMeta meta = {};
        bson_t sub;

        if (!selection_find(document, field, &iter) || !BSON_ITER_HOLDS_DOCUMENT(&iter) ||
                !bson_init_static(&sub, bson_iter_value(&iter)->value.v_doc.data,
                        bson_iter_value(&iter)->value.v_doc.data_len))
                return meta;

        meta.own = selection_find(&sub, "id", &id) && BSON_ITER_HOLDS_OID(&id) &&
                   bson_oid_equal(bson_iter_oid(&id), job);
        meta.state = strcmp(text_of(&sub, "state"), outcome_state_name(OUTCOME_OK)) == 0 ? OUTCOME_OK
                                                                                         : OUTCOME_FAILED;
        meta.reason = text_of(&sub, "reason");
        meta.generation = number_of(&sub, "gen");
        meta.status = number_of(&sub, "status");
        meta.attempts = number_of(&sub, "attempts");
        return meta;
}

static bool is_selected(const Selection *selection, const bson_t *document, StoreRow *ret_row) {
        bson_iter_t iter;
        MemoryMeta meta;

        *ret_row = (StoreRow) {};
        if (selection->kind == STORE_SELECT_ALL)
                return selection_matches(selection, document);

        meta = memory_meta(document, selection->meta, &selection->job);
        if ((selection->resume || selection->kind == STORE_SELECT_ANSWERED) && meta.own &&
                meta.generation == selection->generation) {
                *ret_row = (StoreRow) {
                        .answered = true,
                        .state = meta.state,
                        .reason = reason_parse(meta.reason),
                        .attempts = (uint32_t)meta.attempts,
                };
                return true;
        }

        if (selection->kind == STORE_SELECT_ANSWERED)
                return false;

        if (selection->kind == STORE_SELECT_PENDING)
                return !meta.own && !selection_find(document, selection->field, &iter) &&
                       selection_matches(selection, document);

        return meta.own && meta.state == OUTCOME_FAILED && meta.generation < selection->generation &&
               selection_retries(selection, meta.reason, meta.status) &&
               selection_matches(selection, document);
}

/* Where the reader goes on. */
static size_t resume_at(const MemoryCollection *collection, const MemoryReader *reader) {
        bool found;
        size_t place;

        if (reader->last.value_type == BSON_TYPE_EOD)
                return 0;

        place = memory_place(collection, &reader->last, &found);
        return found ? place + 1 : place;
}

static int fill_page(const MemoryReader *reader, const MemoryCollection *collection, size_t max_rows,
        size_t max_bytes, StorePage *page) {
        size_t i = resume_at(collection, reader);

        for (; i < collection->n_documents; i++) {
                StoreRow found, *row;
                bson_t *document;

                if (page->n_rows > 0 && (page->n_rows >= max_rows || page->bytes >= max_bytes))
                        return 0;
                if (!is_selected(reader->selection, collection->documents[i], &found))
                        continue;

                document = selection_project(reader->selection, bson_copy(collection->documents[i]));
                row = store_page_add(page, document);
                if (!row)
                        return -ENOMEM;
                found.document = document;
                *row = found;
        }

        page->end = true;
        return 0;
}

int memory_reader_next(
        StoreReader *base, size_t max_rows, size_t max_bytes, StorePage **ret_page, StoreFailure *failure) {
        MemoryReader *reader = (MemoryReader *)base;
        MemoryStore *store = (MemoryStore *)base->store;
        _cleanup_(store_page_freep) StorePage *page = store_page_new();
        MemoryCollection *collection;
        bson_iter_t iter;
        int r = -ENOMEM;

        if (!page)
                return -ENOMEM;

        pthread_mutex_lock(&store->mutex);
        collection = memory_collection(store, reader->selection->collection);
        if (collection)
                r = fill_page(reader, collection, max_rows, max_bytes, page);
        pthread_mutex_unlock(&store->mutex);
        if (r)
                return error_trace(r);

        if (page->n_rows > 0) {
                bson_value_destroy(&reader->last);
                bson_value_copy(memory_id(page->rows[page->n_rows - 1].document, &iter), &reader->last);
        }

        *ret_page = TAKE_PTR(page);
        return 0;
}

void memory_reader_rest(StoreReader *base) {
}
