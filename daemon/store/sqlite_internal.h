#pragma once

#include <pthread.h>

#include "daemon/store/sqlite_connection.h"
#include "daemon/store/sqlite_key.h"
#include "daemon/store/store_ops.h"

/*
 * What the files of the SQLite store share. One connection writes, under a mutex; each reader has a
 * connection of its own, so that WAL lets it read beside the writer.
 */

typedef struct SqliteStore SqliteStore;

struct SqliteStore {
        Store base;
        char *path;
        int lock; /* descriptor of the lock beside the file; -1: none */
        pthread_mutex_t mutex;
        SqliteConnection writer; /* under the mutex */
};

/*
 * Takes the writer and begins its transaction; sqlite_store_end() commits if @r is 0, else rolls back,
 * gives the writer free and returns @r or what went wrong. After an error of begin there is no end.
 */
int sqlite_store_begin(SqliteStore *store, StoreFailure *failure);
int sqlite_store_end(SqliteStore *store, int r, StoreFailure *failure);

/*
 * Makes the view that shows a collection's documents with what is in those two fields, if it is not
 * there: "db.coll", or "db.coll:FIELD:META" for other fields than the default ones.
 */
int sqlite_view_create(SqliteConnection *connection, const char *collection, const char *field,
        const char *meta, StoreFailure *failure);

#define SQLITE_VIEW_FIELD "response"
#define SQLITE_VIEW_META "reqd"

/*
 * Puts into *@document what all jobs have stored for it, as MongoDB would show it. *@document belongs
 * to the caller before and after, and is as it was after an error.
 */
int sqlite_merge(SqliteConnection *connection, const char *collection, const void *key, int key_len,
        bson_t **document, StoreFailure *failure);

/* The calls of StoreOps. */
int sqlite_reader_new(
        Store *base, const StoreQuery *query, const bson_value_t *after, StoreReader **ret_reader);
void sqlite_reader_free(StoreReader *base);
int sqlite_reader_next(
        StoreReader *base, size_t max_rows, size_t max_bytes, StorePage **ret_page, StoreFailure *failure);
void sqlite_reader_rest(StoreReader *base);
int sqlite_write(Store *base, const StoreTarget *target, Outcome *const *outcomes, size_t n,
        StoreResult *ret_results, StoreFailure *failure);
int sqlite_import(Store *base, const char *collection, bson_t *const *documents, size_t n,
        uint64_t *ret_inserted, uint64_t *ret_skipped, StoreFailure *failure);
int sqlite_job_save(Store *base, const bson_t *record, StoreFailure *failure);
int sqlite_job_delete(Store *base, const bson_oid_t *id, StoreFailure *failure);
int sqlite_job_load_all(Store *base, bson_t ***ret_records, size_t *ret_n, StoreFailure *failure);
