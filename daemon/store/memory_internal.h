#pragma once

#include <bson/bson.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "daemon/store/selection.h"
#include "daemon/store/store_ops.h"

/*
 * A store in memory: what its files share. Documents are kept just as MongoDB keeps them, results and
 * meta inside them. Everything but the opening is called with the store's mutex held.
 */

typedef struct MemoryCollection MemoryCollection;
typedef struct MemoryStore MemoryStore;
typedef struct MemoryMeta MemoryMeta;

/* Sorted by _id. */
struct MemoryCollection {
        char *name;
        bson_t **documents;
        size_t n_documents;
};

struct MemoryStore {
        Store base;
        pthread_mutex_t mutex;
        MemoryCollection jobs;
        MemoryCollection **collections;
        size_t n_collections;
};

/* What the meta inside a document says; zeroed if there is none. */
struct MemoryMeta {
        bool own; /* of the job that asks */
        OutcomeState state;
        const char *reason; /* points into the document */
        int64_t generation;
        int64_t status;
        int64_t attempts;
};

/* The collection of that name, made if it is new; NULL without memory. */
MemoryCollection *memory_collection(MemoryStore *store, const char *name);

/* The place of the first document whose _id is not below @id, and whether it is the one with that _id. */
size_t memory_place(const MemoryCollection *collection, const bson_value_t *id, bool *ret_found);

/* These take over @document, memory_insert() only when it returns 0; else it returns -ENOMEM. */
int memory_insert(MemoryCollection *collection, size_t place, bson_t *document);
void memory_replace(MemoryCollection *collection, size_t place, bson_t *document);

void memory_remove(MemoryCollection *collection, size_t place);

/* @id points into @document or is null. */
const bson_value_t *memory_id(const bson_t *document, bson_iter_t *iter);

MemoryMeta memory_meta(const bson_t *document, const char *field, const bson_oid_t *job);

/* The calls of StoreOps, which take the mutex themselves. */
int memory_reader_new(
        Store *base, const StoreQuery *query, const bson_value_t *after, StoreReader **ret_reader);
void memory_reader_free(StoreReader *base);
int memory_reader_next(
        StoreReader *base, size_t max_rows, size_t max_bytes, StorePage **ret_page, StoreFailure *failure);
void memory_reader_rest(StoreReader *base);
int memory_write(Store *base, const StoreTarget *target, Outcome *const *outcomes, size_t n,
        StoreResult *ret_results, StoreFailure *failure);
int memory_import(Store *base, const char *name, bson_t *const *documents, size_t n, uint64_t *ret_inserted,
        uint64_t *ret_skipped, StoreFailure *failure);
int memory_job_save(Store *base, const bson_t *record, StoreFailure *failure);
int memory_job_delete(Store *base, const bson_oid_t *id, StoreFailure *failure);
int memory_job_load_all(Store *base, bson_t ***ret_records, size_t *ret_n, StoreFailure *failure);
