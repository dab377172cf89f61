/* Questions to MongoDB that change nothing: is it there, does it understand a filter, how many are there? */

#include "daemon/store/mongo_error.h"
#include "daemon/store/mongo_internal.h"
#include "daemon/store/mongo_query.h"

#define FILTER_TIME_MS 2000

typedef struct Asking Asking;

/* A collection with the client it needs, for one question. */
struct Asking {
        MongoStore *store;
        MongoUse use;
        mongoc_client_t *client;
        mongoc_collection_t *collection;
        int r; /* the answer */
};

static int asking_open(Asking *asking, Store *store, MongoUse use, const char *name, StoreFailure *failure) {
        int r;

        asking->store = (MongoStore *)store;
        asking->use = use;
        r = mongo_client_get(asking->store, use, &asking->client, failure);
        if (r)
                return r;

        asking->collection = mongo_collection(asking->client, name);
        if (!asking->collection)
                asking->r =
                        store_fail(STORE_E_REFUSED, failure, 0, "\"%s\" is not DATABASE.COLLECTION", name);

        return asking->r;
}

static void asking_close(Asking *asking) {
        mongo_collection_freep(&asking->collection);
        if (asking->client)
                mongo_client_put(asking->store, asking->use, asking->client, asking->r);
}

int mongo_ping(Store *base, StoreFailure *failure) {
        MongoStore *store = (MongoStore *)base;
        bson_t *command, reply;
        mongoc_client_t *client;
        bson_error_t error;
        int r;

        r = mongo_client_get(store, MONGO_WRITING, &client, failure);
        if (r)
                return r;

        /* Whatever else it says, as of a wrong password: it cannot be used now, and later perhaps. */
        command = BCON_NEW("ping", BCON_INT32(1));
        if (!mongoc_client_command_simple(client, "admin", command, NULL, &reply, &error))
                r = store_fail(STORE_E_AWAY, failure, (int)error.code, "%s", error.message);

        bson_destroy(&reply);
        bson_destroy(command);
        mongo_client_put(store, MONGO_WRITING, client, r);
        return r;
}

int mongo_check_filter(Store *store, const char *collection, const bson_t *filter, StoreFailure *failure) {
        const StoreQuery query = { .selection = STORE_SELECT_ALL, .filter = filter };
        _cleanup_(asking_close) Asking asking = {};
        bson_t asked = BSON_INITIALIZER, *opts;
        const bson_t *document, *reply;
        mongoc_cursor_t *cursor;
        bson_error_t error;
        int r;

        r = asking_open(&asking, store, MONGO_WRITING, collection, failure);
        if (r)
                return r;

        /* In the shape and order in which it will be read: some operators cannot be sorted. */
        mongo_query_append_filter(&asked, &query);
        opts = BCON_NEW("sort", "{", "_id", BCON_INT32(1), "}", "limit", BCON_INT64(1), "maxTimeMS",
                BCON_INT64(FILTER_TIME_MS));
        cursor = mongoc_collection_find_with_opts(asking.collection, &asked, opts, NULL);
        (void)mongoc_cursor_next(cursor, &document);

        /* A filter that finds nothing for so long has been understood. */
        if (mongoc_cursor_error_document(cursor, &error, &reply) &&
                !(mongo_error_is_answer(&error) && mongo_error_is_time_limit((int32_t)error.code)))
                asking.r = mongo_error_fail(&error, reply, failure);

        mongoc_cursor_destroy(cursor);
        bson_destroy(opts);
        bson_destroy(&asked);
        return asking.r;
}

int mongo_count(Store *store, const StoreQuery *query, uint64_t *ret_count, StoreFailure *failure) {
        _cleanup_(asking_close) Asking asking = {};
        bson_t filter = BSON_INITIALIZER, reply;
        bson_error_t error;
        int64_t count;
        int r;

        r = asking_open(&asking, store, MONGO_READING, query->target.collection, failure);
        if (r)
                return r;

        mongo_query_append_filter(&filter, query);
        count = mongoc_collection_count_documents(asking.collection, &filter, NULL, NULL, &reply, &error);
        if (count < 0)
                asking.r = mongo_error_fail(&error, &reply, failure);
        else
                *ret_count = (uint64_t)count;

        bson_destroy(&reply);
        bson_destroy(&filter);
        return asking.r;
}
