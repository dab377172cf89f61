/* Reads documents in the order of their keys, each page by one run of a statement. */

#include <errno.h>
#include <string.h>

#include "daemon/store/selection.h"
#include "daemon/store/sqlite_internal.h"

/* Columns of the selections. */
enum {
        COLUMN_KEY,
        COLUMN_DOC,
        COLUMN_ANSWERED,
        COLUMN_STATE,
        COLUMN_REASON,
        COLUMN_STATUS,
        COLUMN_ATTEMPTS,
};

typedef struct SqliteReader {
        StoreReader base;
        Selection *selection;
        SqliteConnection connection;
        SqliteKey last;    /* of the last row given; empty at the beginning */
        SqliteKey reached; /* the same while a page is read */
        bool merging;      /* on this page: what jobs have stored belongs to what is read */
} SqliteReader;

void sqlite_reader_free(StoreReader *base) {
        SqliteReader *reader = (SqliteReader *)base;

        sqlite_connection_close(&reader->connection);
        selection_free(reader->selection);
        sqlite_key_deinit(&reader->last);
        sqlite_key_deinit(&reader->reached);
        free(reader);
}

int sqlite_reader_new(
        Store *base, const StoreQuery *query, const bson_value_t *after, StoreReader **ret_reader) {
        SqliteReader *reader = calloc(1, sizeof(*reader));
        int r;

        if (!reader)
                return -ENOMEM;

        r = selection_new(query, &reader->selection);
        if (!r && after)
                r = sqlite_key_set(&reader->last, after);
        if (r) {
                sqlite_reader_free(&reader->base);
                return error_trace(r);
        }

        reader->base.store = base;
        *ret_reader = &reader->base;
        return 0;
}

void sqlite_reader_rest(StoreReader *base) {
        SqliteReader *reader = (SqliteReader *)base;

        sqlite_connection_close(&reader->connection);
}

static void bind_text(sqlite3_stmt *statement, const char *name, const char *text) {
        int index = sqlite3_bind_parameter_index(statement, name);

        if (index > 0)
                sqlite3_bind_text(statement, index, text, -1, SQLITE_TRANSIENT);
}

static void bind_number(sqlite3_stmt *statement, const char *name, int number) {
        int index = sqlite3_bind_parameter_index(statement, name);

        if (index > 0)
                sqlite3_bind_int(statement, index, number);
}

/* The statement of the selection, standing before the first row after the last one given. */
static int begin_scan(SqliteReader *reader, sqlite3_stmt **ret_scan, StoreFailure *failure) {
        const SqliteStatement which =
                SQLITE_STATEMENT_SELECT_PENDING + (SqliteStatement)reader->selection->kind;
        const Selection *selection = reader->selection;
        char job[25];
        sqlite3_stmt *scan;
        int r;

        r = sqlite_connection_prepare(&reader->connection, which, &scan, failure);
        if (r)
                return error_trace(r);

        bson_oid_to_string(&selection->job, job);
        bind_text(scan, ":job", job);
        bind_text(scan, ":collection", selection->collection);
        bind_text(scan, ":field", selection->field);
        bind_text(scan, ":meta", selection->meta);
        bind_number(scan, ":gen", selection->generation);
        bind_number(scan, ":resume", selection->resume);
        /* A pointer that is not NULL: the empty key is below all keys, while NULL would be a NULL. */
        sqlite3_bind_blob(scan, sqlite3_bind_parameter_index(scan, ":after"),
                reader->last.len > 0 ? (const void *)reader->last.bytes : "", (int)reader->last.len,
                SQLITE_STATIC);
        *ret_scan = scan;
        return 0;
}

/*
 * Whether what is read of documents on this page may be more than the file's `doc` says: another job
 * may have written a field that is looked at. What is pending for a job has nothing of that job.
 */
static int look_for_others(SqliteReader *reader, StoreFailure *failure) {
        const Selection *selection = reader->selection;
        char job[25] = "";
        sqlite3_stmt *others;
        int code, r;

        r = sqlite_connection_prepare(&reader->connection, SQLITE_STATEMENT_OTHER_TARGETS, &others, failure);
        if (r)
                return error_trace(r);

        if (selection->kind == STORE_SELECT_PENDING)
                bson_oid_to_string(&selection->job, job);
        sqlite3_bind_text(others, 1, selection->collection, -1, SQLITE_STATIC);
        sqlite3_bind_text(others, 2, job, -1, SQLITE_STATIC);

        reader->merging = false;
        while ((code = sqlite3_step(others)) == SQLITE_ROW)
                for (int column = 0; column < 2; column++)
                        if (selection_needs(selection, (const char *)sqlite3_column_text(others, column)))
                                reader->merging = true;
        if (code != SQLITE_DONE)
                r = sqlite_connection_fail(&reader->connection, failure);

        sqlite3_reset(others);
        return error_trace(r);
}

static bool is_wanted(const Selection *selection, const bson_t *document) {
        bson_iter_t iter;

        if (selection->kind == STORE_SELECT_PENDING && selection_find(document, selection->field, &iter))
                return false;

        return selection_matches(selection, document);
}

/* What the row at hand becomes; *@ret_document is NULL if it is not selected after all. */
static int read_document(SqliteReader *reader, sqlite3_stmt *scan, bool answered, bson_t **ret_document,
        StoreFailure *failure) {
        bson_t *document = NULL;
        int r;

        r = sqlite_connection_column_bson(scan, COLUMN_DOC, &document, failure);
        if (!r && reader->merging && !answered)
                r = sqlite_merge(&reader->connection, reader->selection->collection,
                        sqlite3_column_blob(scan, COLUMN_KEY), sqlite3_column_bytes(scan, COLUMN_KEY),
                        &document, failure);
        if (r) {
                bson_destroy(document);
                return error_trace(r);
        }

        if (!answered && !is_wanted(reader->selection, document)) {
                bson_destroy(document);
                document = NULL;
        }

        *ret_document = document ? selection_project(reader->selection, document) : NULL;
        return 0;
}

static void fill_answer(StoreRow *row, sqlite3_stmt *scan) {
        const char *state = (const char *)sqlite3_column_text(scan, COLUMN_STATE);
        const char *reason = (const char *)sqlite3_column_text(scan, COLUMN_REASON);

        row->answered = true;
        row->state =
                state && strcmp(state, outcome_state_name(OUTCOME_OK)) == 0 ? OUTCOME_OK : OUTCOME_FAILED;
        row->reason = reason ? reason_parse(reason) : REASON_NONE;
        row->attempts = (uint32_t)sqlite3_column_int64(scan, COLUMN_ATTEMPTS);
}

static int read_row(SqliteReader *reader, sqlite3_stmt *scan, StorePage *page, StoreFailure *failure) {
        bool answered = sqlite3_column_int(scan, COLUMN_ANSWERED);
        bson_t *document = NULL;
        StoreRow *row;
        int r;

        if (!answered && reader->selection->kind == STORE_SELECT_FAILED &&
                !selection_retries(reader->selection, (const char *)sqlite3_column_text(scan, COLUMN_REASON),
                        sqlite3_column_int64(scan, COLUMN_STATUS)))
                return 0;

        r = read_document(reader, scan, answered, &document, failure);
        if (r || !document)
                return error_trace(r);

        row = store_page_add(page, document);
        if (!row)
                return -ENOMEM;
        if (answered)
                fill_answer(row, scan);

        return error_trace(sqlite_key_copy(&reader->reached, sqlite3_column_blob(scan, COLUMN_KEY),
                (size_t)sqlite3_column_bytes(scan, COLUMN_KEY)));
}

static int read_rows(SqliteReader *reader, sqlite3_stmt *scan, size_t max_rows, size_t max_bytes,
        StorePage *page, StoreFailure *failure) {
        while (page->n_rows == 0 || (page->n_rows < max_rows && page->bytes < max_bytes)) {
                int code = sqlite3_step(scan), r;

                if (code == SQLITE_DONE) {
                        page->end = true;
                        return 0;
                }
                if (code != SQLITE_ROW)
                        return error_trace(sqlite_connection_fail(&reader->connection, failure));

                r = read_row(reader, scan, page, failure);
                if (r)
                        return error_trace(r);
        }

        return 0;
}

/* A scan comes by each page of the file once: a small cache serves it, and memory stays the same for any collection. */
static int open_connection(SqliteReader *reader, StoreFailure *failure) {
        int r;

        if (reader->connection.db)
                return 0;

        r = sqlite_connection_open(&reader->connection, ((SqliteStore *)reader->base.store)->path, failure);
        return r ? r : sqlite_connection_execute(&reader->connection, "PRAGMA cache_size = -256", failure);
}

/* One transaction: all that a page shows is of one moment, and nothing is held when it ends. */
static int read_page(
        SqliteReader *reader, size_t max_rows, size_t max_bytes, StorePage *page, StoreFailure *failure) {
        sqlite3_stmt *scan = NULL;
        int r;

        r = open_connection(reader, failure);
        if (!r)
                r = sqlite_connection_run(&reader->connection, SQLITE_STATEMENT_BEGIN_READ, failure);
        if (r)
                return error_trace(r);

        r = look_for_others(reader, failure);
        if (!r)
                r = begin_scan(reader, &scan, failure);
        if (!r) {
                r = read_rows(reader, scan, max_rows, max_bytes, page, failure);
                sqlite3_reset(scan);
        }

        return error_trace(sqlite_connection_end(&reader->connection, r, failure));
}

int sqlite_reader_next(
        StoreReader *base, size_t max_rows, size_t max_bytes, StorePage **ret_page, StoreFailure *failure) {
        _cleanup_(store_page_freep) StorePage *page = store_page_new();
        SqliteReader *reader = (SqliteReader *)base;
        SqliteKey last;
        int r;

        if (!page)
                return -ENOMEM;

        r = read_page(reader, max_rows, max_bytes, page, failure);
        if (r)
                return error_trace(r);

        if (page->n_rows > 0) {
                last = reader->last;
                reader->last = reader->reached;
                reader->reached = last;
        }

        *ret_page = TAKE_PTR(page);
        return 0;
}
