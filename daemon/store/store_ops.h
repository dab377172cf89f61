#pragma once

#include "daemon/store/store.h"

/*
 * What one kind of store implements; only daemon/store/ includes this. Each function keeps the promise
 * of the store_*() function of its name. A kind embeds Store (and StoreReader) as its first member.
 */

struct Store {
        const StoreOps *ops;
        char *address; /* the URI without secrets; freed by store_free() */
};

struct StoreReader {
        Store *store;
};

struct StoreOps {
        const char *kind; /* "sqlite" */
        bool wants_bson;

        int (*check_uri)(const char *uri, UserError *error); /* NULL: its scheme is all that counts */
        int (*open)(const char *uri, const StoreOptions *options, Store **ret_store, UserError *error);
        void (*free)(Store *store);

        int (*ping)(Store *store, StoreFailure *failure);

        /* NULL, all three, where opening it was enough */
        int (*lease_take)(Store *store, const StoreOwner *owner, const bson_oid_t *dead,
                StoreLease *ret_lease, StoreFailure *failure);
        int (*lease_renew)(Store *store, const StoreOwner *owner, StoreFailure *failure);
        int (*lease_release)(Store *store, const StoreOwner *owner, StoreFailure *failure);

        int (*check_filter)(
                Store *store, const char *collection, const bson_t *filter, StoreFailure *failure);

        int (*reader_new)(
                Store *store, const StoreQuery *query, const bson_value_t *after, StoreReader **ret_reader);
        void (*reader_free)(StoreReader *reader);
        int (*reader_next)(StoreReader *reader, size_t max_rows, size_t max_bytes, StorePage **ret_page,
                StoreFailure *failure);
        void (*reader_rest)(StoreReader *reader);

        int (*count)(Store *store, const StoreQuery *query, uint64_t *ret_count, StoreFailure *failure);
        int (*write)(Store *store, const StoreTarget *target, Outcome *const *outcomes, size_t n,
                StoreResult *ret_results, StoreFailure *failure);

        int (*job_save)(Store *store, const bson_t *record, StoreFailure *failure);
        int (*job_delete)(Store *store, const bson_oid_t *id, StoreFailure *failure);
        int (*job_load_all)(Store *store, bson_t ***ret_records, size_t *ret_n, StoreFailure *failure);

        int (*import)(Store *store, const char *collection, bson_t *const *documents, size_t n,
                uint64_t *ret_inserted, uint64_t *ret_skipped, StoreFailure *failure);
};

/* One a kind; store.c holds the table of URI schemes. */
extern const StoreOps store_mongo_ops;
extern const StoreOps store_sqlite_ops;
extern const StoreOps store_memory_ops;

/* Fills @failure (which may be NULL) and returns @r, so that a caller can write `return store_fail(...)`. */
int store_fail(int r, StoreFailure *failure, int code, const char *format, ...) _printf_(4, 5);

/* Appends a row to @page, taking over @document. Returns the row, or NULL without memory (then @document is freed). */
StoreRow *store_page_add(StorePage *page, bson_t *document);

StorePage *store_page_new(void);

/*
 * The document as it is to be inserted: a copy with _id first, made up (an ObjectId) where there is none.
 * Returns 0, or STORE_E_REFUSED for an _id that no store takes (an array, a regular expression, undefined).
 */
int store_importable(const bson_t *document, bson_t **ret_document, StoreFailure *failure);
