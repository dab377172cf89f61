/* What comes into the file besides outcomes: imported documents and job records. */

#include <errno.h>
#include <string.h>

#include "common/json.h"
#include "common/utf8.h"
#include "daemon/store/bson_json.h"
#include "daemon/store/sqlite_internal.h"

/* What the documents of one import share. */
typedef struct Import {
        SqliteConnection *connection;
        sqlite3_stmt *add;
        SqliteKey key;
        JsonWriter *writer;
} Import;

/*
 * Whether the names and texts of a document are UTF-8: the writer of JSON would put something else in the
 * place of other bytes. bson_validate() of libbson 1.23 does not see them.
 */
static bool is_utf8(const bson_iter_t *document) {
        bson_iter_t iter = *document, child;

        while (bson_iter_next(&iter)) {
                uint32_t len = 0;
                const char *text = BSON_ITER_HOLDS_UTF8(&iter) ? bson_iter_utf8(&iter, &len) : "";

                if (!utf8_valid(text, len) || !utf8_valid(bson_iter_key(&iter), strlen(bson_iter_key(&iter))))
                        return false;
                if ((BSON_ITER_HOLDS_DOCUMENT(&iter) || BSON_ITER_HOLDS_ARRAY(&iter)) &&
                        bson_iter_recurse(&iter, &child) && !is_utf8(&child))
                        return false;
        }

        return true;
}

/* @document has its _id first. */
static int insert_document(Import *import, const bson_t *document, StoreFailure *failure) {
        const char *json;
        bson_iter_t id;
        size_t len;
        int r;

        if (!bson_iter_init(&id, document))
                return -EINVAL;
        if (!is_utf8(&id))
                return store_fail(STORE_E_REFUSED, failure, EINVAL, "a text in a document is not UTF-8");
        if (!bson_iter_next(&id))
                return -EINVAL;

        r = sqlite_key_set(&import->key, bson_iter_value(&id));
        if (r)
                return error_trace(r);

        json_writer_clear(import->writer);
        bson_write_json(document, import->writer);
        json = json_writer_text(import->writer, &len);
        if (!json)
                return -ENOMEM;

        sqlite3_bind_blob(import->add, 2, import->key.bytes, (int)import->key.len, SQLITE_STATIC);
        sqlite3_bind_text(import->add, 3, json, (int)len, SQLITE_STATIC);
        return error_trace(sqlite_connection_finish(import->connection, import->add, failure));
}

static int begin_import(Import *import, const char *collection, StoreFailure *failure) {
        int r;

        import->writer = json_writer_new(false);
        if (!import->writer)
                return -ENOMEM;

        r = sqlite_view_create(import->connection, collection, SQLITE_VIEW_FIELD, SQLITE_VIEW_META, failure);
        if (!r)
                r = sqlite_connection_prepare(
                        import->connection, SQLITE_STATEMENT_ADD_DOCUMENT, &import->add, failure);
        if (r)
                return error_trace(r);

        sqlite3_bind_text(import->add, 1, collection, -1, SQLITE_STATIC);
        return 0;
}

/* Inside a transaction. */
static int insert_documents(SqliteConnection *connection, const char *collection, bson_t *const *documents,
        size_t n, uint64_t *ret_inserted, StoreFailure *failure) {
        Import import = { .connection = connection };
        uint64_t inserted = 0;
        int r;

        r = begin_import(&import, collection, failure);
        for (size_t i = 0; !r && i < n; i++) {
                bson_t *document;

                r = store_importable(documents[i], &document, failure);
                if (r)
                        break;

                r = insert_document(&import, document, failure);
                bson_destroy(document);
                if (!r)
                        inserted += (uint64_t)sqlite3_changes(connection->db);
        }

        json_writer_free(import.writer);
        sqlite_key_deinit(&import.key);
        if (!r)
                *ret_inserted = inserted;
        return error_trace(r);
}

int sqlite_import(Store *base, const char *collection, bson_t *const *documents, size_t n,
        uint64_t *ret_inserted, uint64_t *ret_skipped, StoreFailure *failure) {
        SqliteStore *store = (SqliteStore *)base;
        uint64_t inserted = 0;
        int r;

        r = sqlite_store_begin(store, failure);
        if (r)
                return error_trace(r);

        r = insert_documents(&store->writer, collection, documents, n, &inserted, failure);
        r = sqlite_store_end(store, r, failure);
        if (r)
                return error_trace(r);

        *ret_inserted = inserted;
        *ret_skipped = n - inserted;
        return 0;
}

/* Canonical Extended JSON: a record comes back with the very types it had. */
static int save_record(SqliteConnection *connection, const bson_t *record, StoreFailure *failure) {
        bson_iter_t id, name;
        sqlite3_stmt *save;
        char job[25];
        char *json;
        int r;

        if (!bson_iter_init_find(&id, record, "_id") || !BSON_ITER_HOLDS_OID(&id) ||
                !bson_iter_init_find(&name, record, "name") || !BSON_ITER_HOLDS_UTF8(&name))
                return -EINVAL;

        r = sqlite_connection_prepare(connection, SQLITE_STATEMENT_SAVE_JOB, &save, failure);
        if (r)
                return error_trace(r);

        bson_oid_to_string(bson_iter_oid(&id), job);
        json = bson_as_canonical_extended_json(record, NULL);
        sqlite3_bind_text(save, 1, job, -1, SQLITE_STATIC);
        sqlite3_bind_text(save, 2, bson_iter_utf8(&name, NULL), -1, SQLITE_STATIC);
        sqlite3_bind_text(save, 3, json, -1, SQLITE_STATIC);
        r = sqlite_connection_finish(connection, save, failure);
        bson_free(json);
        return error_trace(r);
}

int sqlite_job_save(Store *base, const bson_t *record, StoreFailure *failure) {
        SqliteStore *store = (SqliteStore *)base;
        int r;

        r = sqlite_store_begin(store, failure);
        if (r)
                return error_trace(r);

        r = save_record(&store->writer, record, failure);
        return error_trace(sqlite_store_end(store, r, failure));
}

static int delete_record(SqliteConnection *connection, const bson_oid_t *id, StoreFailure *failure) {
        sqlite3_stmt *delete;
        char job[25];
        int r;

        r = sqlite_connection_prepare(connection, SQLITE_STATEMENT_DELETE_JOB, &delete, failure);
        if (r)
                return error_trace(r);

        bson_oid_to_string(id, job);
        sqlite3_bind_text(delete, 1, job, -1, SQLITE_STATIC);
        return error_trace(sqlite_connection_finish(connection, delete, failure));
}

int sqlite_job_delete(Store *base, const bson_oid_t *id, StoreFailure *failure) {
        SqliteStore *store = (SqliteStore *)base;
        int r;

        r = sqlite_store_begin(store, failure);
        if (r)
                return error_trace(r);

        r = delete_record(&store->writer, id, failure);
        return error_trace(sqlite_store_end(store, r, failure));
}

/* The records as they are read; what there is at an error is freed by the caller. */
typedef struct Records {
        bson_t **records;
        size_t n;
} Records;

static void records_deinit(Records *records) {
        for (size_t i = 0; i < records->n; i++)
                bson_destroy(records->records[i]);

        free(records->records);
}

static int add_record(Records *records, sqlite3_stmt *load, StoreFailure *failure) {
        bson_t **grown, *record;
        int r;

        grown = reallocarray(records->records, records->n + 1, sizeof(bson_t *));
        if (!grown)
                return -ENOMEM;
        records->records = grown;

        r = sqlite_connection_column_bson(load, 0, &record, failure);
        if (r)
                return error_trace(r);

        records->records[records->n++] = record;
        return 0;
}

static int load_records(SqliteConnection *connection, Records *records, StoreFailure *failure) {
        sqlite3_stmt *load;
        int code, r;

        r = sqlite_connection_prepare(connection, SQLITE_STATEMENT_LOAD_JOBS, &load, failure);
        if (r)
                return error_trace(r);

        while (!r && (code = sqlite3_step(load)) == SQLITE_ROW)
                r = add_record(records, load, failure);
        if (!r && code != SQLITE_DONE)
                r = sqlite_connection_fail(connection, failure);

        sqlite3_reset(load);
        return error_trace(r);
}

int sqlite_job_load_all(Store *base, bson_t ***ret_records, size_t *ret_n, StoreFailure *failure) {
        _cleanup_(records_deinit) Records records = {};
        SqliteStore *store = (SqliteStore *)base;
        int r;

        pthread_mutex_lock(&store->mutex);
        r = load_records(&store->writer, &records, failure);
        pthread_mutex_unlock(&store->mutex);
        if (r)
                return error_trace(r);

        *ret_records = TAKE_PTR(records.records);
        *ret_n = records.n;
        records.n = 0;
        return 0;
}
