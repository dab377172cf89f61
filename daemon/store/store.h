#pragma once

#include <bson/bson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/alloc.h"
#include "common/error.h"
#include "daemon/store/outcome.h"
#include "daemon/system/process_id.h"

/*
 * Where documents, outcomes and jobs live: one contract over MongoDB, SQLite and memory.
 *
 * Every function here but store_open() and store_free() may block for seconds and is called on worker
 * threads only; a Store may be used by several threads at once, a StoreReader by one at a time.
 * Nothing is called back. What is written has reached the disk when a function returns 0
 * (`w: majority, j: true`; SQLite: synchronous=FULL, one commit a call).
 *
 * Returned values: 0; a positive STORE_E_*; a negative errno-like code only for what is unexpected
 * (no memory). Outputs (`ret_`) are untouched unless 0 is returned.
 */

typedef struct Store Store;
typedef struct StoreOps StoreOps;
typedef struct StoreFailure StoreFailure;
typedef struct StoreLease StoreLease;
typedef struct StoreQuery StoreQuery;
typedef struct StoreReader StoreReader;
typedef struct StoreRow StoreRow;
typedef struct StorePage StorePage;
typedef struct StoreTarget StoreTarget;
typedef struct StoreOptions StoreOptions;
typedef struct StoreOwner StoreOwner;

enum {
        _STORE_E_SUCCESS,

        STORE_E_AWAY,    /* not reachable, or locked by somebody else: the same call may work later */
        STORE_E_REFUSED, /* it answered no for the whole collection: rights, full disk, a wrong filter */
        STORE_E_HELD,    /* another daemon has the lease on the store's jobs */
};

/* What a store said when it did not return 0. Filled by the functions that take one; NULL is allowed. */
struct StoreFailure {
        int code;          /* the store's own error number */
        char message[240]; /* one line, no secret in it */
};

struct StoreOptions {
        const char *default_database; /* of `reqd_jobs` where a MongoDB URI names no database; NULL: "reqd" */
        uint64_t page_documents;      /* documents a `find` asks for: 5,000; MongoDB only */
};

/* Who asks for the lease on a store's jobs. */
struct StoreOwner {
        bson_oid_t id; /* of this run of the daemon, never used again */
        ProcessId process;
        uint64_t length_us; /* how long the lease lives without being renewed */
};

/* The lease as another one holds it; the times are the server's. */
struct StoreLease {
        bson_oid_t owner;
        ProcessId process;
        int64_t since_ms;
        int64_t renewed_ms;
};

/* Which documents, for reading them in _id order. Copied by store_reader_new(). */
typedef enum StoreSelection {
        STORE_SELECT_PENDING, /* generation 1: match the filter, have no result field and no meta of this job */
        STORE_SELECT_FAILED, /* generation G > 1: this job's failed of an earlier generation, and `retry` matches */
        STORE_SELECT_ALL, /* every document that matches the filter, whole, outcomes merged in: for export */
        STORE_SELECT_ANSWERED, /* have an outcome of this job and generation, whatever `filter` says; marked as answered */
} StoreSelection;

struct StoreTarget {
        const char *collection; /* "db.coll" */
        const char *field;      /* result field, a top-level name */
        const char *meta;       /* meta field, a top-level name */
        bson_oid_t job;
        const char *job_name;
        int32_t generation;
};

struct StoreQuery {
        StoreSelection selection;
        StoreTarget
                target; /* STORE_SELECT_ALL: only `collection` is looked at, and field and meta where not NULL */
        const bson_t *filter; /* NULL: all */
        const bson_t *
                retry; /* STORE_SELECT_FAILED: {reason: [names], status: [numbers]}, both optional; NULL: all */
        const char *const
                *fields; /* NULL-terminated top-level names to project beside _id; NULL: whole documents */
        bool resume; /* also give the rows that have an outcome of this job and generation, marked as answered */
};

struct StoreRow {
        bson_t *document; /* _id first, then the projected fields */
        bool answered;    /* resume and STORE_SELECT_ANSWERED only: it has its outcome already, which says: */
        OutcomeState state;
        FailureReason reason;
        uint32_t attempts;
};

struct StorePage {
        StoreRow *rows;
        size_t n_rows;
        size_t bytes; /* of the documents */
        bool end;     /* nothing after these rows, as the store stands now */
};

/* What became of one outcome of a bulk. */
typedef enum StoreResult {
        STORE_RESULT_STORED,
        STORE_RESULT_GONE,      /* the document was deleted meanwhile */
        STORE_RESULT_OK_STANDS, /* a failed one met an ok of this job, which stays */
        STORE_RESULT_REFUSED,   /* not this answer: stored as failed with `store_refused`, without its body */
} StoreResult;

/*
 * Opens what @uri names: `mongodb://...`, `mongodb+srv://...`, `sqlite:FILE`, `memory:`.
 *
 * Does not block on a server: a MongoDB that is away is found out by the first call. SQLite files and
 * their tables are made here (mode as umask says), so a wrong path is an error now.
 * Returns 0; or negative with @error filled (URI wrong, password inside a --store argument is the
 * caller's check; file cannot be opened), -EBUSY if another daemon owns its jobs. Loop thread, before or after workers exist.
 */
int store_open(const char *uri, const StoreOptions *options, Store **ret_store, UserError *error);

/* Whether @uri is one that store_open() understands, without opening anything: 0, or -EINVAL with @error filled. Loop thread. */
int store_check_uri(const char *uri, UserError *error);

/* Every reader is freed and no call is under way. Accepts NULL. */
Store *store_free(Store *store);
DEFINE_FREEP(Store, store);

/* Whether outcomes of JSON bodies must carry `value_bson`. Any thread, does not block. */
bool store_wants_bson(const Store *store);

/* "mongodb", "sqlite" or "memory"; and the URI without any secret. Any thread, do not block. */
const char *store_kind(const Store *store);
const char *store_address(const Store *store);

/* Asks for the least possible answer. 0 or STORE_E_AWAY. */
int store_ping(Store *store, StoreFailure *failure);

/*
 * The lease on the store's jobs: one daemon at a time owns them. Where store_leases() is false, that was settled by
 * store_open() (a lock beside the SQLite file), and these return 0.
 *
 * Taking it works when nobody has it, when it has run out by the server's clock, when @owner has it already, and
 * when @dead (NULL: nobody) has it, of whom the caller knows for certain that it has ended; else STORE_E_HELD with
 * @ret_lease. Renewing gives STORE_E_HELD when @owner has it no more, even if nobody else does. Releasing what is
 * not @owner's is no error.
 */
bool store_leases(const Store *store); /* any thread, does not block */
int store_lease_take(Store *store, const StoreOwner *owner, const bson_oid_t *dead, StoreLease *ret_lease,
        StoreFailure *failure);
int store_lease_renew(Store *store, const StoreOwner *owner, StoreFailure *failure);
int store_lease_release(Store *store, const StoreOwner *owner, StoreFailure *failure);

/*
 * Whether this store can evaluate @filter over @collection (a SQLite or memory store refuses operators
 * that its matcher lacks by name, a server is asked). 0, STORE_E_AWAY, or STORE_E_REFUSED with the reason.
 */
int store_check_filter(Store *store, const char *collection, const bson_t *filter, StoreFailure *failure);

/*
 * Prepares reading what @query names, in the store's _id order, from after the @after key (NULL: from the start).
 * Does not block. The reader belongs to the caller.
 */
int store_reader_new(
        Store *store, const StoreQuery *query, const bson_value_t *after, StoreReader **ret_reader);
StoreReader *store_reader_free(StoreReader *reader);
DEFINE_FREEP(StoreReader, store_reader);

/*
 * Reads on: at most @max_rows documents, and no further one once @max_bytes is reached. Rows of all
 * _id types in BSON's order, none skipped. A page that is not `end` has at least one row.
 * After an error the reader stands where it stood, and the call may be made again.
 */
int store_reader_next(
        StoreReader *reader, size_t max_rows, size_t max_bytes, StorePage **ret_page, StoreFailure *failure);

/* Leaves a held cursor or transaction (a paused job keeps none); the next call reads on after the last row. */
void store_reader_rest(StoreReader *reader);

StorePage *store_page_free(StorePage *page);
DEFINE_FREEP(StorePage, store_page);

/*
 * How many documents @query selects from the beginning; `resume` counts the answered ones too.
 */
int store_count(Store *store, const StoreQuery *query, uint64_t *ret_count, StoreFailure *failure);

/*
 * Stores @n outcomes of one job and generation as one unordered bulk, each by a point lookup; safe to
 * call again with the same ones. @ret_results: @n of them. An ok is written always; a failed one
 * unless an ok of this job, or an outcome of this job of a later generation, stands there.
 * STORE_E_REFUSED: the error concerns the collection; some outcomes may have been stored.
 */
int store_write(Store *store, const StoreTarget *target, Outcome *const *outcomes, size_t n,
        StoreResult *ret_results, StoreFailure *failure);

/*
 * Job records: opaque documents {_id: <ObjectId>, name: ..., ...} for whoever keeps them. Saving replaces
 * by _id or inserts. Deleting what is not there is no error. Loading gives all, oldest _id first; the
 * array and each document belong to the caller (bson_destroy, free).
 *
 * Where the lease was taken through @store, saving and deleting give STORE_E_HELD, and change nothing, once another
 * owner has taken it over.
 */
int store_job_save(Store *store, const bson_t *record, StoreFailure *failure);
int store_job_delete(Store *store, const bson_oid_t *id, StoreFailure *failure);
int store_job_load_all(Store *store, bson_t ***ret_records, size_t *ret_n, StoreFailure *failure);

/*
 * Inserts documents into @collection ("db.coll"); a document without _id gets an ObjectId. Documents whose _id is
 * taken are skipped and counted. @ret_inserted and @ret_skipped add up to @n.
 */
int store_import(Store *store, const char *collection, bson_t *const *documents, size_t n,
        uint64_t *ret_inserted, uint64_t *ret_skipped, StoreFailure *failure);
