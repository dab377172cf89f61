/* Shows a document as MongoDB would: with the results and meta that jobs have stored for it. */

#include <errno.h>

#include "daemon/store/json_bson.h"
#include "daemon/store/selection.h"
#include "daemon/store/sqlite_internal.h"

/* Columns of SQLITE_STATEMENT_OUTCOMES_OF. */
enum {
        COLUMN_FIELD,
        COLUMN_META,
        COLUMN_META_JSON,
        COLUMN_RESPONSE,
};

static const char *text_of(sqlite3_stmt *statement, int column) {
        const char *text = (const char *)sqlite3_column_text(statement, column);

        return text ? text : "";
}

/*
 * An answer is read as plain JSON and never as Extended JSON: {"$oid": ...} in it is what the API
 * said, not an ObjectId.
 */
static int append_response(sqlite3_stmt *statement, const char *field, bson_t *overlay) {
        const char *text = text_of(statement, COLUMN_RESPONSE);
        size_t len = (size_t)sqlite3_column_bytes(statement, COLUMN_RESPONSE);
        bson_iter_t iter;
        JsonBody body;
        char error[128];
        int r;

        r = json_body_parse(text, len, true, &body, error, sizeof(error));
        if (r < 0)
                return error_trace(r);

        if (r) {
                /* Only an edited file holds such text; it is shown as it is. */
                bson_append_utf8(overlay, field, -1, text, (int)len);
                return 0;
        }

        if (bson_iter_init(&iter, body.bson) && bson_iter_next(&iter))
                bson_append_iter(overlay, field, -1, &iter);
        json_body_deinit(&body);
        return 0;
}

/* Adds one outcome; what is there already is newer. */
static int overlay_outcome(sqlite3_stmt *statement, bson_t *overlay, StoreFailure *failure) {
        const char *field = text_of(statement, COLUMN_FIELD), *meta = text_of(statement, COLUMN_META);
        bson_iter_t iter;
        bson_t *bson;
        int r;

        if (sqlite3_column_type(statement, COLUMN_RESPONSE) != SQLITE_NULL &&
                !selection_find(overlay, field, &iter)) {
                r = append_response(statement, field, overlay);
                if (r)
                        return error_trace(r);
        }

        if (selection_find(overlay, meta, &iter))
                return 0;

        r = sqlite_connection_column_bson(statement, COLUMN_META_JSON, &bson, failure);
        if (r)
                return error_trace(r);

        bson_append_document(overlay, meta, -1, bson);
        bson_destroy(bson);
        return 0;
}

static int read_overlay(
        SqliteConnection *connection, sqlite3_stmt *statement, bson_t *overlay, StoreFailure *failure) {
        int code, r = 0;

        while (!r && (code = sqlite3_step(statement)) == SQLITE_ROW)
                r = overlay_outcome(statement, overlay, failure);
        if (!r && code != SQLITE_DONE)
                r = sqlite_connection_fail(connection, failure);

        sqlite3_reset(statement);
        return error_trace(r);
}

/* A new document: @document without what @overlay has, then @overlay. */
static bson_t *lay_over(const bson_t *document, const bson_t *overlay) {
        bson_t *merged = bson_new();
        bson_iter_t iter, newer;

        if (bson_iter_init(&iter, document))
                while (bson_iter_next(&iter))
                        if (!selection_find(overlay, bson_iter_key(&iter), &newer))
                                bson_append_iter(merged, NULL, 0, &iter);

        bson_concat(merged, overlay);
        return merged;
}

int sqlite_merge(SqliteConnection *connection, const char *collection, const void *key, int key_len,
        bson_t **document, StoreFailure *failure) {
        bson_t overlay = BSON_INITIALIZER;
        sqlite3_stmt *statement;
        bson_t *merged;
        int r;

        r = sqlite_connection_prepare(connection, SQLITE_STATEMENT_OUTCOMES_OF, &statement, failure);
        if (r)
                return error_trace(r);

        sqlite3_bind_text(statement, 1, collection, -1, SQLITE_STATIC);
        sqlite3_bind_blob(statement, 2, key, key_len, SQLITE_STATIC);
        r = read_overlay(connection, statement, &overlay, failure);
        if (!r && !bson_empty(&overlay)) {
                merged = lay_over(*document, &overlay);
                bson_destroy(*document);
                *document = merged;
        }

        bson_destroy(&overlay);
        return error_trace(r);
}
