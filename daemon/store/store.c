/* One face for every kind of store: finds the kind by the URI's scheme and hands each call on. */

#include "daemon/store/store.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "daemon/store/store_ops.h"

#define PAGE_FIRST_ROWS ((size_t)16)

static const struct {
        const char *prefix;
        const StoreOps *ops;
} schemes[] = {
        { "mongodb://", &store_mongo_ops },
        { "mongodb+srv://", &store_mongo_ops },
        { "sqlite:", &store_sqlite_ops },
        { "memory:", &store_memory_ops },
};

static const StoreOps *ops_of(const char *uri) {
        for (size_t i = 0; i < ELEMENTSOF(schemes); i++)
                if (strncmp(uri, schemes[i].prefix, strlen(schemes[i].prefix)) == 0)
                        return schemes[i].ops;

        return NULL;
}

int store_check_uri(const char *uri, UserError *error) {
        const StoreOps *ops = ops_of(uri);
        size_t scheme = strcspn(uri, ":/@");

        if (ops)
                return ops->check_uri ? ops->check_uri(uri, error) : 0;

        /* Only the scheme is told back: whatever follows, or stands alone, may be a password. */
        if (uri[scheme] != ':')
                return user_error_set(error, NULL, "write mongodb://HOST/DATABASE or sqlite:FILE",
                        "the store's URI has no scheme");

        return user_error_set(error, NULL, "write mongodb://HOST/DATABASE or sqlite:FILE",
                "\"%.*s\" is not a kind of store", (int)scheme, uri);
}

int store_open(const char *uri, const StoreOptions *options, Store **ret_store, UserError *error) {
        static const StoreOptions none = {};
        const StoreOps *ops = ops_of(uri);
        Store *store;
        int r;

        r = store_check_uri(uri, error);
        if (r)
                return r;

        r = ops->open(uri, options ? options : &none, &store, error);
        if (r)
                return error_trace(r);

        store->ops = ops;
        *ret_store = store;
        return 0;
}

Store *store_free(Store *store) {
        char *address;

        if (!store)
                return NULL;

        address = store->address;
        store->ops->free(store);
        free(address);
        return NULL;
}

bool store_wants_bson(const Store *store) {
        return store->ops->wants_bson;
}

const char *store_kind(const Store *store) {
        return store->ops->kind;
}

const char *store_address(const Store *store) {
        return store->address;
}

int store_ping(Store *store, StoreFailure *failure) {
        return error_trace(store->ops->ping(store, failure));
}

bool store_leases(const Store *store) {
        return store->ops->lease_take;
}

int store_lease_take(Store *store, const StoreOwner *owner, const bson_oid_t *dead, StoreLease *ret_lease,
        StoreFailure *failure) {
        if (!store_leases(store))
                return 0;

        return error_trace(store->ops->lease_take(store, owner, dead, ret_lease, failure));
}

int store_lease_renew(Store *store, const StoreOwner *owner, StoreFailure *failure) {
        return store_leases(store) ? error_trace(store->ops->lease_renew(store, owner, failure)) : 0;
}

int store_lease_release(Store *store, const StoreOwner *owner, StoreFailure *failure) {
        return store_leases(store) ? error_trace(store->ops->lease_release(store, owner, failure)) : 0;
}

int store_check_filter(Store *store, const char *collection, const bson_t *filter, StoreFailure *failure) {
        return error_trace(store->ops->check_filter(store, collection, filter, failure));
}

int store_reader_new(
        Store *store, const StoreQuery *query, const bson_value_t *after, StoreReader **ret_reader) {
        StoreReader *reader;
        int r;

        r = store->ops->reader_new(store, query, after, &reader);
        if (r)
                return error_trace(r);

        reader->store = store;
        *ret_reader = reader;
        return 0;
}

StoreReader *store_reader_free(StoreReader *reader) {
        if (reader)
                reader->store->ops->reader_free(reader);

        return NULL;
}

int store_reader_next(
        StoreReader *reader, size_t max_rows, size_t max_bytes, StorePage **ret_page, StoreFailure *failure) {
        return error_trace(reader->store->ops->reader_next(reader, max_rows, max_bytes, ret_page, failure));
}

void store_reader_rest(StoreReader *reader) {
        reader->store->ops->reader_rest(reader);
}

int store_count(Store *store, const StoreQuery *query, uint64_t *ret_count, StoreFailure *failure) {
        return error_trace(store->ops->count(store, query, ret_count, failure));
}

int store_write(Store *store, const StoreTarget *target, Outcome *const *outcomes, size_t n,
        StoreResult *ret_results, StoreFailure *failure) {
        if (n == 0)
                return 0;

        return error_trace(store->ops->write(store, target, outcomes, n, ret_results, failure));
}

int store_job_save(Store *store, const bson_t *record, StoreFailure *failure) {
        return error_trace(store->ops->job_save(store, record, failure));
}

int store_job_delete(Store *store, const bson_oid_t *id, StoreFailure *failure) {
        return error_trace(store->ops->job_delete(store, id, failure));
}

int store_job_load_all(Store *store, bson_t ***ret_records, size_t *ret_n, StoreFailure *failure) {
        return error_trace(store->ops->job_load_all(store, ret_records, ret_n, failure));
}

int store_import(Store *store, const char *collection, bson_t *const *documents, size_t n,
        uint64_t *ret_inserted, uint64_t *ret_skipped, StoreFailure *failure) {
        return error_trace(
                store->ops->import(store, collection, documents, n, ret_inserted, ret_skipped, failure));
}

int store_fail(int r, StoreFailure *failure, int code, const char *format, ...) {
        va_list args;

        if (!failure)
                return r;

        failure->code = code;
        va_start(args, format);
        vsnprintf(failure->message, sizeof(failure->message), format, args);
        va_end(args);

        /* A server's or a library's text may have several lines; the promise is one. */
        for (char *p = failure->message; *p; p++)
                if (*p == '\n' || *p == '\r')
                        *p = ' ';

        return r;
}

StorePage *store_page_new(void) {
        return calloc(1, sizeof(StorePage));
}

StorePage *store_page_free(StorePage *page) {
        if (!page)
                return NULL;

        for (size_t i = 0; i < page->n_rows; i++)
                bson_destroy(page->rows[i].document);

        free(page->rows);
        free(page);
        return NULL;
}

/* Room for one more: the array doubles whenever the number of rows is a power of two. */
static bool page_grow(StorePage *page) {
        size_t n = page->n_rows;
        StoreRow *rows;

        if (n != 0 && (n < PAGE_FIRST_ROWS || (n & (n - 1)) != 0))
                return true;

        rows = reallocarray(page->rows, n == 0 ? PAGE_FIRST_ROWS : 2 * n, sizeof(StoreRow));
        if (!rows)
                return false;

        page->rows = rows;
        return true;
}

StoreRow *store_page_add(StorePage *page, bson_t *document) {
        StoreRow *row;

        if (!page_grow(page)) {
                bson_destroy(document);
                return NULL;
        }

        row = &page->rows[page->n_rows++];
        *row = (StoreRow) { .document = document };
        page->bytes += document->len;
        return row;
}

int store_importable(const bson_t *document, bson_t **ret_document, StoreFailure *failure) {
        bson_t *copy;
        bson_iter_t id;
        bson_oid_t oid;

        copy = bson_new();
        if (!bson_iter_init_find(&id, document, "_id")) {
                bson_oid_init(&oid, NULL);
                bson_append_oid(copy, "_id", -1, &oid);
        } else if (BSON_ITER_HOLDS_ARRAY(&id) || BSON_ITER_HOLDS_REGEX(&id) ||
                   BSON_ITER_HOLDS_UNDEFINED(&id)) {
                bson_destroy(copy);
                return store_fail(STORE_E_REFUSED, failure, EINVAL,
                        "an _id cannot be an array, a regular expression or undefined");
        } else {
                bson_append_iter(copy, "_id", -1, &id);
        }

        bson_copy_to_excluding_noinit(document, copy, "_id", NULL);
        *ret_document = copy;
        return 0;
}
