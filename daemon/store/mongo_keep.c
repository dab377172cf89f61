/* Job records and imported documents in MongoDB. */

#include <errno.h>
#include <stdlib.h>

#include "common/error.h"
#include "daemon/store/mongo_error.h"
#include "daemon/store/mongo_internal.h"

#define JOBS "reqd_jobs"

int mongo_jobs_open(MongoJobs *jobs, Store *store, StoreFailure *failure) {
        MongoStore *mongo = (MongoStore *)store;
        int r;

        r = mongo_client_get(mongo, MONGO_WRITING, &jobs->client, failure);
        if (r)
                return r;

        jobs->store = mongo;
        jobs->collection = mongoc_client_get_collection(jobs->client, mongo->jobs_database, JOBS);
        return 0;
}

void mongo_jobs_close(MongoJobs *jobs) {
        if (!jobs->client)
                return;

        mongoc_collection_destroy(jobs->collection);
        mongo_client_put(jobs->store, MONGO_WRITING, jobs->client, jobs->r);
}

/* {_id: ..., owner: ...}: only a record that is @owner's, where there is one. */
static void append_own(bson_t *selector, const bson_iter_t *id, const bson_oid_t *owner) {
        bson_append_iter(selector, "_id", -1, id);
        if (owner)
                BSON_APPEND_OID(selector, "owner", owner);
}

/* A record of another owner is not replaced, and there can be no second one beside it. @ret_made: there was none. */
static int replace(MongoJobs *jobs, const bson_iter_t *id, const bson_t *record, const bson_oid_t *owner,
        bool *ret_made, StoreFailure *failure) {
        bson_t selector = BSON_INITIALIZER, *opts, reply;
        bson_error_t error;

        append_own(&selector, id, owner);
        opts = BCON_NEW("upsert", BCON_BOOL(true), "validate", BCON_BOOL(false));
        if (mongoc_collection_replace_one(jobs->collection, &selector, record, opts, &reply, &error))
                *ret_made = bson_has_field(&reply, "upsertedId");
        else if (owner && mongo_error_is_duplicate((int32_t)error.code))
                jobs->r = mongo_lease_held(failure);
        else
                jobs->r = mongo_error_fail(&error, &reply, failure);

        bson_destroy(&reply);
        bson_destroy(opts);
        bson_destroy(&selector);
        return jobs->r;
}

/* @ret_n: 0 or 1. */
static int delete_one(MongoJobs *jobs, const bson_iter_t *id, const bson_oid_t *owner, int64_t *ret_n,
        StoreFailure *failure) {
        bson_t selector = BSON_INITIALIZER, reply;
        bson_error_t error;
        bson_iter_t iter;

        append_own(&selector, id, owner);
        if (!mongoc_collection_delete_one(jobs->collection, &selector, NULL, &reply, &error))
                jobs->r = mongo_error_fail(&error, &reply, failure);
        else
                *ret_n = bson_iter_init_find(&iter, &reply, "deletedCount") ? bson_iter_as_int64(&iter) : 0;

        bson_destroy(&reply);
        bson_destroy(&selector);
        return jobs->r;
}

/* A record that was not there may have been deleted by a new owner, which knows nothing of this one. */
static int made(MongoJobs *jobs, const bson_iter_t *id, const bson_oid_t *owner, StoreFailure *failure) {
        int64_t n;
        int r;

        r = mongo_lease_check(jobs, owner, failure);
        if (r == STORE_E_HELD)
                (void)delete_one(jobs, id, owner, &n, NULL);
        return r;
}

int mongo_job_save(Store *store, const bson_t *record, StoreFailure *failure) {
        _cleanup_(mongo_jobs_close) MongoJobs jobs = {};
        bson_t owned = BSON_INITIALIZER;
        bool is_owned, is_new = false;
        bson_oid_t owner;
        bson_iter_t id;
        int r;

        if (!bson_iter_init_find(&id, record, "_id"))
                return error_trace(-EINVAL);

        r = mongo_jobs_open(&jobs, store, failure);
        if (r)
                return r;

        is_owned = mongo_lease_owner(jobs.store, &owner);
        bson_concat(&owned, record);
        if (is_owned)
                BSON_APPEND_OID(&owned, "owner", &owner);

        r = replace(&jobs, &id, &owned, is_owned ? &owner : NULL, &is_new, failure);
        if (!r && is_owned && is_new)
                r = made(&jobs, &id, &owner, failure);
        bson_destroy(&owned);
        return r;
}

int mongo_job_delete(Store *store, const bson_oid_t *id, StoreFailure *failure) {
        _cleanup_(mongo_jobs_close) MongoJobs jobs = {};
        bson_t key = BSON_INITIALIZER;
        bson_oid_t owner;
        bson_iter_t iter;
        int64_t n = 0;
        bool is_owned;
        int r;

        r = mongo_jobs_open(&jobs, store, failure);
        if (r)
                return r;

        BSON_APPEND_OID(&key, "_id", id);
        bson_iter_init_find(&iter, &key, "_id");
        is_owned = mongo_lease_owner(jobs.store, &owner);
        r = delete_one(&jobs, &iter, is_owned ? &owner : NULL, &n, failure);
        if (!r && is_owned && n == 0)
                r = mongo_lease_check(&jobs, &owner, failure); /* it may be there, and another's */
        bson_destroy(&key);
        return r;
}

static int add_record(bson_t ***records, size_t *n, const bson_t *record) {
        bson_t **grown = reallocarray(*records, *n + 1, sizeof(*grown));

        if (!grown)
                return -ENOMEM;

        grown[(*n)++] = bson_copy(record);
        *records = grown;
        return 0;
}

static void free_records(bson_t **records, size_t n) {
        for (size_t i = 0; i < n; i++)
                bson_destroy(records[i]);
        free(records);
}

int mongo_job_load_all(Store *store, bson_t ***ret_records, size_t *ret_n, StoreFailure *failure) {
        _cleanup_(mongo_jobs_close) MongoJobs jobs = {};
        bson_t *filter, *opts, **records = NULL;
        mongoc_cursor_t *cursor;
        const bson_t *record, *reply;
        bson_error_t error;
        size_t n = 0;
        int r;

        r = mongo_jobs_open(&jobs, store, failure);
        if (r)
                return r;

        filter = BCON_NEW("_id", "{", "$ne", BCON_UTF8(MONGO_LEASE_ID), "}");
        opts = BCON_NEW(
                "sort", "{", "_id", BCON_INT32(1), "}", "projection", "{", "owner", BCON_INT32(0), "}");
        cursor = mongoc_collection_find_with_opts(jobs.collection, filter, opts, NULL);
        while (!r && mongoc_cursor_next(cursor, &record))
                r = add_record(&records, &n, record);
        if (!r && mongoc_cursor_error_document(cursor, &error, &reply))
                r = mongo_error_fail(&error, reply, failure);

        mongoc_cursor_destroy(cursor);
        bson_destroy(opts);
        bson_destroy(filter);
        jobs.r = r;
        if (r) {
                free_records(records, n);
                return error_trace(r);
        }

        *ret_records = records;
        *ret_n = n;
        return 0;
}

/* Documents whose _id is taken are no error; any other complaint is. */
static int judge(
        const bson_t *reply, const bson_error_t *error, uint64_t *ret_skipped, StoreFailure *failure) {
        bson_error_t refusal;
        uint64_t skipped = 0;
        bson_iter_t iter;
        uint32_t index;
        int r;

        for (bool more = mongo_error_first(&iter, reply, &index, &refusal); more;
                more = mongo_error_next(&iter, &index, &refusal)) {
                if (!mongo_error_is_duplicate((int32_t)refusal.code))
                        return mongo_error_fail(&refusal, reply, failure);
                skipped++;
        }

        r = mongo_error_of_concern(reply, failure);
        if (r)
                return r;
        if (skipped == 0 || !mongo_error_is_answer(error))
                return mongo_error_fail(error, reply, failure);

        *ret_skipped = skipped;
        return 0;
}

static int insert_all(mongoc_collection_t *collection, bson_t *const *documents, size_t n,
        uint64_t *ret_skipped, StoreFailure *failure) {
        bson_t *unordered = BCON_NEW("ordered", BCON_BOOL(false));
        bson_t *unchecked = BCON_NEW("validate", BCON_BOOL(false));
        mongoc_bulk_operation_t *bulk;
        bson_error_t error = {};
        bson_t reply;
        int r = 0;

        bulk = mongoc_collection_create_bulk_operation_with_opts(collection, unordered);
        for (size_t i = 0; i < n && !r; i++)
                if (!mongoc_bulk_operation_insert_with_opts(bulk, documents[i], unchecked, &error))
                        r = mongo_error_fail(&error, NULL, failure);

        if (!r) {
                if (!mongoc_bulk_operation_execute(bulk, &reply, &error))
                        r = judge(&reply, &error, ret_skipped, failure);
                bson_destroy(&reply);
        }

        mongoc_bulk_operation_destroy(bulk);
        bson_destroy(unchecked);
        bson_destroy(unordered);
        return r;
}

int mongo_import(Store *base, const char *name, bson_t *const *documents, size_t n, uint64_t *ret_inserted,
        uint64_t *ret_skipped, StoreFailure *failure) {
        MongoStore *store = (MongoStore *)base;
        mongoc_collection_t *collection;
        mongoc_client_t *client;
        uint64_t skipped = 0;
        int r;

        for (size_t i = 0; i < n; i++)
                if (documents[i]->len > MONGO_DOCUMENT_MAX)
                        return store_fail(
                                STORE_E_REFUSED, failure, 0, "document %zu is larger than 16 MiB", i);

        r = mongo_client_get(store, MONGO_WRITING, &client, failure);
        if (r)
                return r;

        collection = mongo_collection(client, name);
        if (!collection)
                r = store_fail(STORE_E_REFUSED, failure, 0, "\"%s\" is not DATABASE.COLLECTION", name);
        else if (n > 0)
                r = insert_all(collection, documents, n, &skipped, failure);

        mongo_collection_freep(&collection);
        mongo_client_put(store, MONGO_WRITING, client, r);
        if (r)
                return r;

        *ret_inserted = n - skipped;
        *ret_skipped = skipped;
        return 0;
}
