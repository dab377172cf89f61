/*
 * Reading a collection of MongoDB in the order of its _ids.
 *
 * A find is limited, and begins behind the last row given, so that nothing is lost when its cursor is left:
 * for its age, for a pause, or after an error. One find stays within one bracket of _ids (mongo_rank.h);
 * when a bracket has nothing more, the server is asked for the first _id of any later one.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/timeutil.h"
#include "daemon/store/mongo_error.h"
#include "daemon/store/mongo_internal.h"
#include "daemon/store/mongo_query.h"
#include "daemon/store/mongo_rank.h"

#define CURSOR_AGE_MAX_US (60 * USEC_PER_SEC)
#define BATCH_MIN 100

typedef struct MongoReader MongoReader;

struct MongoReader {
        StoreReader reader;
        MongoStore *store;
        char *collection;
        char *meta;
        bson_oid_t job;
        int32_t generation;
        bool tells; /* which rows have their outcome */
        bool hides_meta;
        bson_t filter;     /* the selection, without a place to begin at */
        bson_t projection; /* empty: whole documents */

        bson_value_t last; /* BSON_TYPE_EOD: nothing was given yet */
        MongoRank rank;    /* where `last` is, or what is read behind it */

        mongoc_client_t *client; /* held with the cursor */
        mongoc_cursor_t *cursor;
        uint64_t opened_at_us;
        uint64_t given; /* documents of this cursor */
};

/* The call that is under way: its page, and what it has to keep to. */
typedef struct Reading Reading;

struct Reading {
        MongoReader *reader;
        mongoc_collection_t *collection;
        size_t max_rows;
        StorePage *page;
        StoreFailure *failure;
};

static void leave_cursor(MongoReader *reader) {
        mongo_cursor_freep(&reader->cursor);
        reader->cursor = NULL;
}

static void leave(MongoReader *reader, int r) {
        leave_cursor(reader);
        if (reader->client)
                mongo_client_put(reader->store, MONGO_READING, TAKE_PTR(reader->client), r);
}

void mongo_reader_rest(StoreReader *reader) {
        leave((MongoReader *)reader, 0);
}

void mongo_reader_free(StoreReader *base) {
        MongoReader *reader = (MongoReader *)base;

        leave(reader, 0);
        bson_value_destroy(&reader->last);
        bson_destroy(&reader->projection);
        bson_destroy(&reader->filter);
        free(reader->meta);
        free(reader->collection);
        free(reader);
}

int mongo_reader_new(
        Store *store, const StoreQuery *query, const bson_value_t *after, StoreReader **ret_reader) {
        const StoreTarget *target = &query->target;
        MongoReader *reader;

        reader = calloc(1, sizeof(*reader));
        if (!reader)
                return -ENOMEM;

        reader->store = (MongoStore *)store;
        reader->job = target->job;
        reader->generation = target->generation;
        reader->tells = mongo_query_tells_answers(query);
        reader->hides_meta = mongo_query_hides_meta(query);
        bson_init(&reader->filter);
        bson_init(&reader->projection);
        mongo_query_append_filter(&reader->filter, query);
        mongo_query_append_projection(&reader->projection, query);
        if (after) {
                bson_value_copy(after, &reader->last);
                reader->rank = mongo_rank_of(after);
        }

        reader->collection = strdup(target->collection);
        reader->meta = strdup(target->meta ? target->meta : "");
        if (!reader->collection || !reader->meta) {
                mongo_reader_free(&reader->reader);
                return -ENOMEM;
        }

        *ret_reader = &reader->reader;
        return 0;
}

/* The last row's _id, or where the call began. */
static bool find_position(const Reading *reading, bson_iter_t *iter, const bson_value_t **ret_last) {
        const StorePage *page = reading->page;

        if (page->n_rows > 0) {
                if (!bson_iter_init_find(iter, page->rows[page->n_rows - 1].document, "_id"))
                        return false;
                *ret_last = bson_iter_value(iter);
        } else
                *ret_last = reading->reader->last.value_type != BSON_TYPE_EOD ? &reading->reader->last : NULL;

        return true;
}

/* The first _id of a rank behind @rank tells which one to read next; MONGO_RANK_NONE: there is none. */
static int probe(Reading *reading, MongoRank rank, MongoRank *ret_rank) {
        bson_t filter = BSON_INITIALIZER, *opts;
        const bson_t *document, *reply;
        mongoc_cursor_t *cursor;
        bson_error_t error;
        bson_iter_t iter;
        int r = 0;

        *ret_rank = MONGO_RANK_NONE;
        if (!mongo_rank_append_later(&filter, rank))
                return 0;

        opts = BCON_NEW("projection", "{", "_id", BCON_BOOL(true), "}", "sort", "{", "_id", BCON_INT32(1),
                "}", "limit", BCON_INT64(1));
        cursor = mongoc_collection_find_with_opts(reading->collection, &filter, opts, NULL);
        if (mongoc_cursor_next(cursor, &document) && bson_iter_init_find(&iter, document, "_id"))
                *ret_rank = mongo_rank_of(bson_iter_value(&iter));
        else if (mongoc_cursor_error_document(cursor, &error, &reply))
                r = mongo_error_fail(&error, reply, reading->failure);

        mongoc_cursor_destroy(cursor);
        bson_destroy(opts);
        bson_destroy(&filter);
        return r;
}

/* The next rank that has documents, the deprecated types last. */
static int find_rank(Reading *reading, MongoRank rank, MongoRank *ret_rank) {
        int r;

        if (rank < MONGO_RANK_MAX_KEY) {
                r = probe(reading, rank, ret_rank);
                if (r || *ret_rank != MONGO_RANK_NONE)
                        return r;
                rank = MONGO_RANK_MAX_KEY;
        }

        r = probe(reading, rank, ret_rank);
        return r == STORE_E_REFUSED ? 0 : r; /* a server that does not know these types has none of them */
}

/* Goes on to the next rank, or ends the page. */
static int walk(Reading *reading) {
        MongoReader *reader = reading->reader;
        MongoRank rank;
        int r;

        if (reader->rank == MONGO_RANK_NAN) {
                reader->rank = MONGO_RANK_NUMBER;
                return 0;
        }

        r = find_rank(reading, reader->rank, &rank);
        if (r)
                return r;

        if (rank == MONGO_RANK_NONE)
                reading->page->end = true;
        else /* wherever the server sorts NaN, here it comes before the other numbers */
                reader->rank = rank == MONGO_RANK_NUMBER ? MONGO_RANK_NAN : rank;
        return 0;
}

/* Begins a find in the rank; without a cursor afterwards there is nothing to be found in it. */
static int begin(Reading *reading) {
        MongoReader *reader = reading->reader;
        bson_t filter = BSON_INITIALIZER, *opts;
        const bson_value_t *last;
        bson_iter_t iter;
        size_t batch = reading->max_rows;

        if (!find_position(reading, &iter, &last))
                return error_trace(-EINVAL);

        if (reader->rank != MONGO_RANK_NONE && mongo_rank_append_behind(&filter, reader->rank, last)) {
                (void)bson_concat(&filter, &reader->filter);
                if (batch < BATCH_MIN)
                        batch = BATCH_MIN;
                if (batch > reader->store->page_documents)
                        batch = reader->store->page_documents;

                opts = BCON_NEW("sort", "{", "_id", BCON_INT32(1), "}", "limit",
                        BCON_INT64((int64_t)reader->store->page_documents), "batchSize",
                        BCON_INT64((int64_t)batch));
                if (!bson_empty(&reader->projection))
                        BSON_APPEND_DOCUMENT(opts, "projection", &reader->projection);
                reader->cursor = mongoc_collection_find_with_opts(reading->collection, &filter, opts, NULL);
                reader->opened_at_us = time_now_us();
                reader->given = 0;
                bson_destroy(opts);
        }

        bson_destroy(&filter);
        return 0;
}

/* What the row's meta says of an outcome of this job and generation. */
static void tell_answer(const MongoReader *reader, const bson_t *document, StoreRow *row) {
        bson_iter_t iter, field;
        bool ours = false, current = false;

        if (!bson_iter_init_find(&iter, document, reader->meta) || !bson_iter_recurse(&iter, &field))
                return;

        while (bson_iter_next(&field)) {
                const char *key = bson_iter_key(&field);

                if (strcmp(key, "id") == 0)
                        ours = BSON_ITER_HOLDS_OID(&field) &&
                               bson_oid_equal(bson_iter_oid(&field), &reader->job);
                else if (strcmp(key, "gen") == 0)
                        current = bson_iter_as_int64(&field) == reader->generation;
                else if (strcmp(key, "attempts") == 0)
                        row->attempts = (uint32_t)bson_iter_as_int64(&field);
                else if (strcmp(key, "state") == 0 && BSON_ITER_HOLDS_UTF8(&field))
                        row->state =
                                strcmp(bson_iter_utf8(&field, NULL), "ok") == 0 ? OUTCOME_OK : OUTCOME_FAILED;
                else if (strcmp(key, "reason") == 0 && BSON_ITER_HOLDS_UTF8(&field))
                        row->reason = reason_parse(bson_iter_utf8(&field, NULL));
        }

        row->answered = ours && current;
        if (!row->answered)
                *row = (StoreRow) { .document = row->document };
}

/* A copy with the _id first, as most servers store it, and without the meta if that was not asked for. */
static bson_t *copy_document(const MongoReader *reader, const bson_t *document, const bson_iter_t *id) {
        const char *hidden = reader->hides_meta ? reader->meta : "_id";
        bson_iter_t first;
        bson_t *copy;

        if (!reader->hides_meta && bson_iter_init(&first, document) && bson_iter_next(&first) &&
                strcmp(bson_iter_key(&first), "_id") == 0)
                return bson_copy(document);

        copy = bson_sized_new(document->len);
        bson_append_iter(copy, "_id", -1, id);
        bson_copy_to_excluding_noinit(document, copy, "_id", hidden, NULL);
        return copy;
}

static int take(Reading *reading, const bson_t *document) {
        MongoReader *reader = reading->reader;
        bson_iter_t id;
        StoreRow *row;

        if (!bson_iter_init_find(&id, document, "_id"))
                return error_trace(-EINVAL);

        /* To some servers NaN is a number like others; it has had its turn. */
        reader->given++;
        if (reader->rank == MONGO_RANK_NUMBER && mongo_rank_of(bson_iter_value(&id)) == MONGO_RANK_NAN)
                return 0;

        row = store_page_add(reading->page, copy_document(reader, document, &id));
        if (!row)
                return error_trace(-ENOMEM);

        if (reader->tells)
                tell_answer(reader, document, row);
        return 0;
}

/* One step: a row, a new find, another rank, or the end. */
static int step(Reading *reading) {
        MongoReader *reader = reading->reader;
        const bson_t *document, *reply;
        bson_error_t error;
        int r;

        if (!reader->cursor) {
                r = begin(reading);
                if (r || reader->cursor)
                        return r;
                return walk(reading);
        }

        if (mongoc_cursor_next(reader->cursor, &document))
                return take(reading, document);
        if (mongoc_cursor_error_document(reader->cursor, &error, &reply))
                return mongo_error_fail(&error, reply, reading->failure);

        leave_cursor(reader);
        if (reader->given >= reader->store->page_documents)
                return 0;
        return walk(reading);
}

static int fill(Reading *reading, size_t max_bytes) {
        const StorePage *page = reading->page;
        int r = 0;

        while (!r && !page->end && page->n_rows < reading->max_rows &&
                (page->n_rows == 0 || page->bytes < max_bytes))
                r = step(reading);

        return r;
}

static void remember(MongoReader *reader, const Reading *reading) {
        const bson_value_t *last;
        bson_iter_t iter;

        if (reading->page->n_rows == 0 || !find_position(reading, &iter, &last))
                return;

        bson_value_destroy(&reader->last);
        bson_value_copy(last, &reader->last);
}

int mongo_reader_next(
        StoreReader *base, size_t max_rows, size_t max_bytes, StorePage **ret_page, StoreFailure *failure) {
        _cleanup_(store_page_freep) StorePage *page = store_page_new();
        _cleanup_(mongo_collection_freep) mongoc_collection_t *collection = NULL;
        MongoReader *reader = (MongoReader *)base;
        Reading reading = { .reader = reader, .max_rows = max_rows, .page = page, .failure = failure };
        int r = 0;

        if (!page)
                return error_trace(-ENOMEM);

        if (reader->cursor && time_now_us() - reader->opened_at_us > CURSOR_AGE_MAX_US)
                leave_cursor(reader);
        if (!reader->client)
                r = mongo_client_get(reader->store, MONGO_READING, &reader->client, failure);
        if (r)
                return r;

        collection = reading.collection = mongo_collection(reader->client, reader->collection);
        if (!collection)
                r = store_fail(
                        STORE_E_REFUSED, failure, 0, "\"%s\" is not DATABASE.COLLECTION", reader->collection);
        else
                r = fill(&reading, max_bytes);

        /* What was read before an error is given; the error comes again with the next call. */
        remember(reader, &reading);
        if (r || !reader->cursor) {
                mongo_collection_freep(&collection);
                collection = NULL;
                leave(reader, r);
        }
        if (r && page->n_rows == 0)
                return error_trace(r);

        *ret_page = TAKE_PTR(page);
        return 0;
}
