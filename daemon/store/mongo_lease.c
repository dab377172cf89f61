/*
 * The lease on a store's jobs in MongoDB: one document of the jobs' collection says who owns them.
 *
 * Both of its times are the server's, and they are compared by whoever asks, so that no clock of a daemon matters:
 * to look at the lease is to have the server write the time into it. Each step is one operation on that document
 * that the server does wholly or not at all, acknowledged by a majority.
 *
 * A call may hang until its lease has run out and another daemon is at work. So each job record names the owner of the
 * lease too: whoever takes the lease writes itself into all of them before it reads them, and a late save or deletion
 * of a former owner finds no record that is its own.
 */

#include <errno.h>
#include <string.h>

#include "common/error.h"
#include "daemon/store/mongo_error.h"
#include "daemon/store/mongo_internal.h"

#define TRIES 3 /* whoever loses the race for a free lease that often has lost it */

typedef struct Looking Looking;

/* The lease as it stands. */
struct Looking {
        bool there;
        StoreLease lease;
        int64_t asked_ms; /* the server's time when it was looked at */
        int64_t length_ms;
};

static void append_owner(bson_t *set, const StoreOwner *owner) {
        BSON_APPEND_OID(set, "owner", &owner->id);
        BSON_APPEND_UTF8(set, "host", owner->process.host);
        BSON_APPEND_UTF8(set, "boot", owner->process.boot);
        BSON_APPEND_UTF8(set, "space", owner->process.space);
        BSON_APPEND_INT64(set, "pid", owner->process.pid);
        BSON_APPEND_INT64(set, "begun", (int64_t)owner->process.begun);
        BSON_APPEND_INT64(set, "length", (int64_t)(owner->length_us / 1000));
}

static void read_text(const bson_iter_t *iter, char *text, size_t size) {
        if (BSON_ITER_HOLDS_UTF8(iter))
                bson_strncpy(text, bson_iter_utf8(iter, NULL), size);
}

static void read_lease(bson_iter_t *iter, Looking *looking) {
        StoreLease *lease = &looking->lease;
        ProcessId *process = &lease->process;

        while (bson_iter_next(iter)) {
                const char *key = bson_iter_key(iter);

                if (strcmp(key, "owner") == 0 && BSON_ITER_HOLDS_OID(iter))
                        bson_oid_copy(bson_iter_oid(iter), &lease->owner);
                else if (strcmp(key, "host") == 0)
                        read_text(iter, process->host, sizeof(process->host));
                else if (strcmp(key, "boot") == 0)
                        read_text(iter, process->boot, sizeof(process->boot));
                else if (strcmp(key, "space") == 0)
                        read_text(iter, process->space, sizeof(process->space));
                else if (strcmp(key, "pid") == 0)
                        process->pid = (pid_t)bson_iter_as_int64(iter);
                else if (strcmp(key, "begun") == 0)
                        process->begun = (uint64_t)bson_iter_as_int64(iter);
                else if (strcmp(key, "length") == 0)
                        looking->length_ms = bson_iter_as_int64(iter);
                else if (strcmp(key, "since") == 0 && BSON_ITER_HOLDS_DATE_TIME(iter))
                        lease->since_ms = bson_iter_date_time(iter);
                else if (strcmp(key, "renewed") == 0 && BSON_ITER_HOLDS_DATE_TIME(iter))
                        lease->renewed_ms = bson_iter_date_time(iter);
                else if (strcmp(key, "asked") == 0 && BSON_ITER_HOLDS_DATE_TIME(iter))
                        looking->asked_ms = bson_iter_date_time(iter);
        }
}

/* {_id: "lease"}, and only if it is @owner's, where there is one. */
static void append_selector(bson_t *selector, const bson_oid_t *owner) {
        BSON_APPEND_UTF8(selector, "_id", MONGO_LEASE_ID);
        if (owner)
                BSON_APPEND_OID(selector, "owner", owner);
}

/*
 * {$set: ..., $currentDate: {renewed: true, ...}} for the document that @selector names. Returns whether there is one
 * now, by @ret_done; where @upsert makes one and another has been quicker there is none.
 */
static int update(MongoJobs *jobs, const bson_t *selector, const bson_t *update, bool upsert, bool *ret_done,
        StoreFailure *failure) {
        bson_t opts = BSON_INITIALIZER, reply;
        bson_error_t error;
        bson_iter_t iter;
        bool done = false;

        BSON_APPEND_BOOL(&opts, "upsert", upsert);
        if (!mongoc_collection_update_one(jobs->collection, selector, update, &opts, &reply, &error)) {
                if (!upsert || !mongo_error_is_duplicate((int32_t)error.code))
                        jobs->r = mongo_error_fail(&error, &reply, failure);
        } else
                done = (bson_iter_init_find(&iter, &reply, "matchedCount") &&
                               bson_iter_as_int64(&iter) > 0) ||
                       bson_iter_init_find(&iter, &reply, "upsertedId");

        bson_destroy(&reply);
        bson_destroy(&opts);
        if (!jobs->r)
                *ret_done = done;
        return jobs->r;
}

static void append_now(bson_t *changes, bool since) {
        bson_t dates;

        BSON_APPEND_DOCUMENT_BEGIN(changes, "$currentDate", &dates);
        BSON_APPEND_BOOL(&dates, "renewed", true);
        if (since)
                BSON_APPEND_BOOL(&dates, "since", true);
        bson_append_document_end(changes, &dates);
}

/*
 * Writes @owner into the lease as @former was seen, or, where that is NULL, into one that does not exist yet. An
 * owner that has renewed since then, however late, keeps it.
 */
static int put_owner(MongoJobs *jobs, const StoreOwner *owner, const StoreLease *former, bool *ret_done,
        StoreFailure *failure) {
        bson_t selector = BSON_INITIALIZER, changes = BSON_INITIALIZER, set;
        int r;

        append_selector(&selector, former ? &former->owner : &owner->id);
        if (former)
                BSON_APPEND_DATE_TIME(&selector, "renewed", former->renewed_ms);
        BSON_APPEND_DOCUMENT_BEGIN(&changes, "$set", &set);
        append_owner(&set, owner);
        bson_append_document_end(&changes, &set);
        append_now(&changes, true);
        r = update(jobs, &selector, &changes, !former, ret_done, failure);
        bson_destroy(&changes);
        bson_destroy(&selector);
        return r;
}

static int look(MongoJobs *jobs, Looking *looking, StoreFailure *failure) {
        bson_t selector = BSON_INITIALIZER, *changes, reply;
        mongoc_find_and_modify_opts_t *opts = mongoc_find_and_modify_opts_new();
        bson_error_t error;
        bson_iter_t iter, lease;

        append_selector(&selector, NULL);
        changes = BCON_NEW("$currentDate", "{", "asked", BCON_BOOL(true), "}");
        mongoc_find_and_modify_opts_set_update(opts, changes);
        mongoc_find_and_modify_opts_set_flags(opts, MONGOC_FIND_AND_MODIFY_RETURN_NEW);
        if (!mongoc_collection_find_and_modify_with_opts(jobs->collection, &selector, opts, &reply, &error))
                jobs->r = mongo_error_fail(&error, &reply, failure);
        else if (bson_iter_init_find(&iter, &reply, "value") && BSON_ITER_HOLDS_DOCUMENT(&iter) &&
                 bson_iter_recurse(&iter, &lease)) {
                looking->there = true;
                read_lease(&lease, looking);
        }

        bson_destroy(&reply);
        mongoc_find_and_modify_opts_destroy(opts);
        bson_destroy(changes);
        bson_destroy(&selector);
        return jobs->r;
}

static bool has_run_out(const Looking *looking) {
        return looking->asked_ms - looking->lease.renewed_ms > looking->length_ms;
}

/* One try. @ret_done: it is ours; else @ret_lease says whose it is, unless it has changed hands meanwhile. */
static int try_take(MongoJobs *jobs, const StoreOwner *owner, const bson_oid_t *dead, bool *ret_done,
        StoreLease *ret_lease, StoreFailure *failure) {
        Looking looking = {};
        int r;

        r = put_owner(jobs, owner, NULL, ret_done, failure);
        if (r || *ret_done)
                return r;

        r = look(jobs, &looking, failure);
        if (r || !looking.there)
                return r;

        if (has_run_out(&looking) || (dead && bson_oid_equal(dead, &looking.lease.owner)))
                return put_owner(jobs, owner, &looking.lease, ret_done, failure);

        *ret_lease = looking.lease;
        return STORE_E_HELD;
}

int mongo_lease_held(StoreFailure *failure) {
        return store_fail(STORE_E_HELD, failure, 0, "its jobs are another daemon's");
}

/* From now on no former owner can write them. */
static int claim_records(MongoJobs *jobs, const StoreOwner *owner, StoreFailure *failure) {
        bson_t *selector = BCON_NEW("_id", "{", "$ne", BCON_UTF8(MONGO_LEASE_ID), "}");
        bson_t *changes = BCON_NEW("$set", "{", "owner", BCON_OID(&owner->id), "}"), reply;
        bson_error_t error;

        if (!mongoc_collection_update_many(jobs->collection, selector, changes, NULL, &reply, &error))
                jobs->r = mongo_error_fail(&error, &reply, failure);

        bson_destroy(&reply);
        bson_destroy(changes);
        bson_destroy(selector);
        return jobs->r;
}

static void remember(MongoStore *store, const bson_oid_t *owner) {
        pthread_mutex_lock(&store->lock);
        store->owned = true;
        store->owner = *owner;
        pthread_mutex_unlock(&store->lock);
}

int mongo_lease_take(Store *store, const StoreOwner *owner, const bson_oid_t *dead, StoreLease *ret_lease,
        StoreFailure *failure) {
        _cleanup_(mongo_jobs_close) MongoJobs jobs = {};
        StoreLease lease = {};
        bool done = false;
        int r;

        r = mongo_jobs_open(&jobs, store, failure);
        for (int i = 0; !r && !done && i < TRIES; i++)
                r = try_take(&jobs, owner, dead, &done, &lease, failure);
        if (!r && done)
                r = claim_records(&jobs, owner, failure);
        if (!r && done)
                remember(jobs.store, &owner->id);
        if (r == STORE_E_HELD)
                *ret_lease = lease;
        if (r || done)
                return r;

        return store_fail(
                STORE_E_AWAY, failure, 0, "several daemons are after the lease on the store's jobs");
}

int mongo_lease_renew(Store *store, const StoreOwner *owner, StoreFailure *failure) {
        bson_t selector = BSON_INITIALIZER, changes = BSON_INITIALIZER;
        _cleanup_(mongo_jobs_close) MongoJobs jobs = {};
        bool done = false;
        int r;

        r = mongo_jobs_open(&jobs, store, failure);
        if (!r) {
                append_selector(&selector, &owner->id);
                append_now(&changes, false);
                r = update(&jobs, &selector, &changes, false, &done, failure);
        }

        bson_destroy(&changes);
        bson_destroy(&selector);
        return r || done ? r : mongo_lease_held(failure);
}

int mongo_lease_release(Store *store, const StoreOwner *owner, StoreFailure *failure) {
        bson_t selector = BSON_INITIALIZER, reply;
        _cleanup_(mongo_jobs_close) MongoJobs jobs = {};
        bson_error_t error;
        int r;

        r = mongo_jobs_open(&jobs, store, failure);
        if (r)
                return r;

        append_selector(&selector, &owner->id);
        if (!mongoc_collection_delete_one(jobs.collection, &selector, NULL, &reply, &error))
                jobs.r = mongo_error_fail(&error, &reply, failure);

        bson_destroy(&reply);
        bson_destroy(&selector);
        return jobs.r;
}

bool mongo_lease_owner(MongoStore *store, bson_oid_t *ret_owner) {
        bool owned;

        pthread_mutex_lock(&store->lock);
        owned = store->owned;
        if (owned)
                *ret_owner = store->owner;
        pthread_mutex_unlock(&store->lock);
        return owned;
}

int mongo_lease_check(MongoJobs *jobs, const bson_oid_t *owner, StoreFailure *failure) {
        bson_t selector = BSON_INITIALIZER, reply;
        bson_error_t error;
        int64_t n;

        append_selector(&selector, owner);
        n = mongoc_collection_count_documents(jobs->collection, &selector, NULL, NULL, &reply, &error);
        if (n < 0)
                jobs->r = mongo_error_fail(&error, &reply, failure);

        bson_destroy(&reply);
        bson_destroy(&selector);
        if (jobs->r || n > 0)
                return jobs->r;

        return mongo_lease_held(failure);
}
