/* Writes to a store in memory: outcomes into their documents, imports, and job records. */

#include <errno.h>

#include "daemon/store/memory_internal.h"

#define DOCUMENT_BYTES_MAX (16U * 1024 * 1024) /* as MongoDB */

static bool append_value(bson_t *document, const char *field, const Outcome *outcome) {
        bson_iter_t iter;

        switch (outcome->value_form) {
        case OUTCOME_VALUE_NULL:
                return bson_append_null(document, field, -1);
        case OUTCOME_VALUE_TEXT:
                return bson_append_utf8(document, field, -1, outcome->value, (int)outcome->value_len);
        case OUTCOME_VALUE_JSON:
                return bson_iter_init(&iter, outcome->value_bson) && bson_iter_next(&iter) &&
                       bson_append_iter(document, field, -1, &iter);
        default:
                return true;
        }
}

/* @document with the outcome in it; NULL if BSON cannot hold it. */
static bson_t *answered_document(const bson_t *document, const StoreTarget *target, const Outcome *outcome) {
        bson_t *answered = bson_new(), meta;
        bool ok;

        if (outcome->value_form == OUTCOME_VALUE_NONE)
                bson_copy_to_excluding_noinit(document, answered, target->meta, NULL);
        else
                bson_copy_to_excluding_noinit(document, answered, target->meta, target->field, NULL);

        ok = append_value(answered, target->field, outcome) &&
             bson_append_document_begin(answered, target->meta, -1, &meta) &&
             outcome_append_meta(outcome, &target->job, target->job_name, target->generation, &meta) &&
             bson_append_document_end(answered, &meta) && answered->len <= DOCUMENT_BYTES_MAX;
        if (ok)
                return answered;

        bson_destroy(answered);
        return NULL;
}

static StoreResult write_outcome(
        MemoryCollection *collection, const StoreTarget *target, const Outcome *outcome) {
        Outcome refused;
        bson_t *answered;
        MemoryMeta meta;
        size_t place;
        bool found;

        place = memory_place(collection, &outcome->key, &found);
        if (!found)
                return STORE_RESULT_GONE;

        meta = memory_meta(collection->documents[place], target->meta, &target->job);
        if (outcome->state == OUTCOME_FAILED && meta.own &&
                (meta.state == OUTCOME_OK || meta.generation > target->generation))
                return STORE_RESULT_OK_STANDS;

        answered = answered_document(collection->documents[place], target, outcome);
        if (answered) {
                memory_replace(collection, place, answered);
                return STORE_RESULT_STORED;
        }

        /* A document that is full by itself takes not even the refusal. */
        if (outcome->reason == REASON_STORE_REFUSED)
                return STORE_RESULT_REFUSED;

        refused = outcome_refused(outcome);
        return write_outcome(collection, target, &refused) == STORE_RESULT_OK_STANDS ? STORE_RESULT_OK_STANDS
                                                                                     : STORE_RESULT_REFUSED;
}

int memory_write(Store *base, const StoreTarget *target, Outcome *const *outcomes, size_t n,
        StoreResult *ret_results, StoreFailure *failure) {
        MemoryStore *store = (MemoryStore *)base;
        MemoryCollection *collection;

        pthread_mutex_lock(&store->mutex);
        collection = memory_collection(store, target->collection);
        for (size_t i = 0; collection && i < n; i++)
                ret_results[i] = write_outcome(collection, target, outcomes[i]);
        pthread_mutex_unlock(&store->mutex);

        return collection ? 0 : -ENOMEM;
}

/* Takes one document, or says by @ret_taken that its _id is there already. */
static int import_document(
        MemoryCollection *collection, const bson_t *source, bool *ret_taken, StoreFailure *failure) {
        bson_iter_t iter;
        bson_t *document;
        size_t place;
        bool found;
        int r;

        r = store_importable(source, &document, failure);
        if (r)
                return error_trace(r);

        place = memory_place(collection, memory_id(document, &iter), &found);
        if (!found)
                r = memory_insert(collection, place, document);
        if (found || r)
                bson_destroy(document);

        *ret_taken = found;
        return error_trace(r);
}

int memory_import(Store *base, const char *name, bson_t *const *documents, size_t n, uint64_t *ret_inserted,
        uint64_t *ret_skipped, StoreFailure *failure) {
        MemoryStore *store = (MemoryStore *)base;
        MemoryCollection *collection;
        uint64_t skipped = 0;
        bool taken = false;
        int r = 0;

        pthread_mutex_lock(&store->mutex);
        collection = memory_collection(store, name);
        if (!collection)
                r = -ENOMEM;
        for (size_t i = 0; !r && i < n; i++) {
                r = import_document(collection, documents[i], &taken, failure);
                skipped += taken;
        }
        pthread_mutex_unlock(&store->mutex);
        if (r)
                return error_trace(r);

        *ret_inserted = n - skipped;
        *ret_skipped = skipped;
        return 0;
}

int memory_job_save(Store *base, const bson_t *record, StoreFailure *failure) {
        MemoryStore *store = (MemoryStore *)base;
        bson_t *copy = bson_copy(record);
        bson_iter_t iter;
        size_t place;
        bool found;
        int r = 0;

        pthread_mutex_lock(&store->mutex);
        place = memory_place(&store->jobs, memory_id(copy, &iter), &found);
        if (found)
                memory_replace(&store->jobs, place, copy);
        else
                r = memory_insert(&store->jobs, place, copy);
        pthread_mutex_unlock(&store->mutex);

        if (r)
                bson_destroy(copy);
        return error_trace(r);
}

int memory_job_delete(Store *base, const bson_oid_t *id, StoreFailure *failure) {
        const bson_value_t value = { .value_type = BSON_TYPE_OID, .value.v_oid = *id };
        MemoryStore *store = (MemoryStore *)base;
        size_t place;
        bool found;

        pthread_mutex_lock(&store->mutex);
        place = memory_place(&store->jobs, &value, &found);
        if (found)
                memory_remove(&store->jobs, place);
        pthread_mutex_unlock(&store->mutex);
        return 0;
}

int memory_job_load_all(Store *base, bson_t ***ret_records, size_t *ret_n, StoreFailure *failure) {
        MemoryStore *store = (MemoryStore *)base;
        bson_t **records;

        pthread_mutex_lock(&store->mutex);
        records = calloc(store->jobs.n_documents + 1, sizeof(bson_t *));
        for (size_t i = 0; records && i < store->jobs.n_documents; i++)
                records[i] = bson_copy(store->jobs.documents[i]);
        if (records) {
                *ret_records = records;
                *ret_n = store->jobs.n_documents;
        }
        pthread_mutex_unlock(&store->mutex);

        return records ? 0 : -ENOMEM;
}
