#pragma once

#include <mongoc/mongoc.h>
#include <pthread.h>

#include "daemon/store/store_ops.h"

/*
 * What the files of the MongoDB store share. Any thread; a client is one thread's at a time.
 *
 * Reading has connections of its own with a long socket timeout, so that a scan that finds little does
 * not look like a server that is away, and a reader that keeps a cursor never holds up a write.
 */

typedef struct MongoJobs MongoJobs;
typedef struct MongoStore MongoStore;

typedef enum MongoUse {
        MONGO_WRITING, /* and everything else that is answered at once */
        MONGO_READING,
        _MONGO_USE_N,
} MongoUse;

struct MongoStore {
        Store store;
        uint64_t page_documents;
        char *jobs_database;

        pthread_mutex_t lock; /* guards `pools` while they are made, and the owner */
        mongoc_uri_t *uris[_MONGO_USE_N];
        mongoc_client_pool_t
                *pools[_MONGO_USE_N]; /* made by the first call: for mongodb+srv that asks the DNS */
        _Atomic bool greeted;         /* the server's version has been logged */
        bool owned;                   /* the lease has been taken, by: */
        bson_oid_t owner;
};

/*
 * Takes a client out of its pool. The caller hands it back by mongo_client_put(), with what its call
 * returned. Returns 0, or STORE_E_AWAY with @failure filled.
 */
int mongo_client_get(MongoStore *store, MongoUse use, mongoc_client_t **ret_client, StoreFailure *failure);
void mongo_client_put(MongoStore *store, MongoUse use, mongoc_client_t *client, int r);

/* @name: "db.coll", or NULL is returned. The caller destroys the collection before the client goes back. */
mongoc_collection_t *mongo_collection(mongoc_client_t *client, const char *name);

static inline void mongo_collection_freep(mongoc_collection_t **collection) {
        if (*collection)
                mongoc_collection_destroy(*collection);
}

static inline void mongo_cursor_freep(mongoc_cursor_t **cursor) {
        if (*cursor)
                mongoc_cursor_destroy(*cursor);
}

static inline void mongo_bulk_freep(mongoc_bulk_operation_t **bulk) {
        if (*bulk)
                mongoc_bulk_operation_destroy(*bulk);
}

/* Documents larger than this are not sent: the library would drop their neighbours in the bulk with them. */
#define MONGO_DOCUMENT_MAX (16u * 1024 * 1024)

/* The collection of job records and of the lease on them, with the client it needs. */
struct MongoJobs {
        MongoStore *store;
        mongoc_client_t *client;
        mongoc_collection_t *collection;
        int r; /* of what was done with it, for mongo_jobs_close() */
};

/* Opens a zeroed one: 0, or STORE_E_AWAY. It is closed in any case. */
int mongo_jobs_open(MongoJobs *jobs, Store *store, StoreFailure *failure);
void mongo_jobs_close(MongoJobs *jobs);

/* The _id of the lease; those of job records are ObjectIds. */
#define MONGO_LEASE_ID "lease"

/* mongo_lease.c */
int mongo_lease_take(Store *store, const StoreOwner *owner, const bson_oid_t *dead, StoreLease *ret_lease,
        StoreFailure *failure);
int mongo_lease_renew(Store *store, const StoreOwner *owner, StoreFailure *failure);
int mongo_lease_release(Store *store, const StoreOwner *owner, StoreFailure *failure);

/* Who took the lease through this store last; false: nobody, and job records belong to nobody. */
bool mongo_lease_owner(MongoStore *store, bson_oid_t *ret_owner);

/* Says so, and returns STORE_E_HELD. */
int mongo_lease_held(StoreFailure *failure);

/* 0 while @owner has the lease, even if it has run out; else STORE_E_HELD. */
int mongo_lease_check(MongoJobs *jobs, const bson_oid_t *owner, StoreFailure *failure);

/* mongo_ask.c */
int mongo_ping(Store *store, StoreFailure *failure);
int mongo_check_filter(Store *store, const char *collection, const bson_t *filter, StoreFailure *failure);
int mongo_count(Store *store, const StoreQuery *query, uint64_t *ret_count, StoreFailure *failure);

/* mongo_read.c */
int mongo_reader_new(
        Store *store, const StoreQuery *query, const bson_value_t *after, StoreReader **ret_reader);
void mongo_reader_free(StoreReader *reader);
int mongo_reader_next(
        StoreReader *reader, size_t max_rows, size_t max_bytes, StorePage **ret_page, StoreFailure *failure);
void mongo_reader_rest(StoreReader *reader);

/* mongo_write.c */
int mongo_write(Store *store, const StoreTarget *target, Outcome *const *outcomes, size_t n,
        StoreResult *ret_results, StoreFailure *failure);

/* mongo_keep.c */
int mongo_job_save(Store *store, const bson_t *record, StoreFailure *failure);
int mongo_job_delete(Store *store, const bson_oid_t *id, StoreFailure *failure);
int mongo_job_load_all(Store *store, bson_t ***ret_records, size_t *ret_n, StoreFailure *failure);
int mongo_import(Store *store, const char *collection, bson_t *const *documents, size_t n,
        uint64_t *ret_inserted, uint64_t *ret_skipped, StoreFailure *failure);
