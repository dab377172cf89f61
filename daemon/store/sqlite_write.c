/* Stores outcomes: one transaction a bulk, one upsert an outcome. */

#include <errno.h>
#include <string.h>

#include "common/utf8.h"
#include "daemon/store/sqlite_internal.h"

#define OUTCOME_BYTES_MAX ((size_t)16 * 1024 * 1024) /* as MongoDB's documents */

/* Parameters of SQLITE_STATEMENT_PUT_OUTCOME. */
enum {
        PARAMETER_JOB = 1,
        PARAMETER_KEY,
        PARAMETER_GEN,
        PARAMETER_STATE,
        PARAMETER_REASON,
        PARAMETER_STATUS,
        PARAMETER_ATTEMPTS,
        PARAMETER_AT,
        PARAMETER_MS_DNS,
        PARAMETER_MS_CONNECT,
        PARAMETER_MS_TLS,
        PARAMETER_MS_WAIT,
        PARAMETER_MS_TOTAL,
        PARAMETER_BYTES,
        PARAMETER_N,
        PARAMETER_RAW,
        PARAMETER_TEXTS,
        PARAMETER_RESPONSE,
        PARAMETER_COLLECTION,
};

/* What the outcomes of one bulk share. */
typedef struct Bulk {
        SqliteConnection *connection;
        const StoreTarget *target;
        sqlite3_stmt *put;
        sqlite3_stmt *has;
        SqliteKey key;
} Bulk;

static int ensure_target(
        SqliteConnection *connection, const StoreTarget *target, const char *job, StoreFailure *failure) {
        sqlite3_stmt *add;
        int r;

        r = sqlite_connection_prepare(connection, SQLITE_STATEMENT_ADD_TARGET, &add, failure);
        if (r)
                return error_trace(r);

        sqlite3_bind_text(add, 1, job, -1, SQLITE_STATIC);
        sqlite3_bind_text(add, 2, target->job_name, -1, SQLITE_STATIC);
        sqlite3_bind_text(add, 3, target->collection, -1, SQLITE_STATIC);
        sqlite3_bind_text(add, 4, target->field, -1, SQLITE_STATIC);
        sqlite3_bind_text(add, 5, target->meta, -1, SQLITE_STATIC);
        r = sqlite_connection_finish(connection, add, failure);
        if (r || sqlite3_changes(connection->db) == 0)
                return error_trace(r);

        return error_trace(
                sqlite_view_create(connection, target->collection, target->field, target->meta, failure));
}

static void append_text(bson_t *texts, const char *name, const char *text, size_t len) {
        if (utf8_valid(text, len))
                bson_append_utf8(texts, name, -1, text, (int)len);
        else
                bson_append_binary(
                        texts, name, -1, BSON_SUBTYPE_BINARY, (const uint8_t *)text, (uint32_t)len);
}

/*
 * The texts of an outcome as JSON: error, body, and a value that is not JSON itself. NULL where there
 * are none, which is so for almost all.
 */
static char *texts_of(const Outcome *outcome, size_t *ret_len) {
        bson_t texts = BSON_INITIALIZER;
        char *json = NULL;

        if (outcome->error)
                append_text(&texts, "error", outcome->error, strlen(outcome->error));
        if (outcome->body && outcome->state == OUTCOME_FAILED)
                append_text(&texts, "body", outcome->body, outcome->body_len);
        if (outcome->value_form == OUTCOME_VALUE_TEXT)
                append_text(&texts, "value", outcome->value, outcome->value_len);

        if (!bson_empty(&texts))
                json = bson_as_relaxed_extended_json(&texts, ret_len);
        bson_destroy(&texts);
        return json;
}

static void bind_timing(sqlite3_stmt *put, const OutcomeTiming *timing) {
        sqlite3_bind_double(put, PARAMETER_MS_DNS, (double)timing->dns_us / 1000.0);
        sqlite3_bind_double(put, PARAMETER_MS_CONNECT, (double)timing->connect_us / 1000.0);
        sqlite3_bind_double(put, PARAMETER_MS_TLS, (double)timing->tls_us / 1000.0);
        sqlite3_bind_double(put, PARAMETER_MS_WAIT, (double)timing->wait_us / 1000.0);
        sqlite3_bind_double(put, PARAMETER_MS_TOTAL, (double)timing->total_us / 1000.0);
}

/* Bindings stay from one outcome to the next, so each that may be absent is set to NULL by name. */
static void bind_verdict(sqlite3_stmt *put, const Outcome *outcome) {
        sqlite3_bind_text(put, PARAMETER_STATE, outcome_state_name(outcome->state), -1, SQLITE_STATIC);
        if (outcome->reason != REASON_NONE)
                sqlite3_bind_text(put, PARAMETER_REASON, reason_name(outcome->reason), -1, SQLITE_STATIC);
        else
                sqlite3_bind_null(put, PARAMETER_REASON);

        if (outcome->status != 0)
                sqlite3_bind_int(put, PARAMETER_STATUS, outcome->status);
        else
                sqlite3_bind_null(put, PARAMETER_STATUS);

        sqlite3_bind_int64(put, PARAMETER_ATTEMPTS, outcome->attempts);
        sqlite3_bind_int64(put, PARAMETER_AT, outcome->at_ms);
        sqlite3_bind_int64(put, PARAMETER_BYTES, (sqlite3_int64)outcome->bytes);
        sqlite3_bind_int64(put, PARAMETER_N, outcome->n);
        if (outcome->raw)
                sqlite3_bind_int(put, PARAMETER_RAW, 1);
        else
                sqlite3_bind_null(put, PARAMETER_RAW);
}

static void bind_response(sqlite3_stmt *put, const Outcome *outcome) {
        if (outcome->value_form == OUTCOME_VALUE_JSON)
                sqlite3_bind_text(
                        put, PARAMETER_RESPONSE, outcome->value, (int)outcome->value_len, SQLITE_STATIC);
        else if (outcome->value_form == OUTCOME_VALUE_NULL)
                sqlite3_bind_text(put, PARAMETER_RESPONSE, "null", -1, SQLITE_STATIC);
        else
                sqlite3_bind_null(put, PARAMETER_RESPONSE);
}

/* Nothing was stored: because the document is gone, or because of what stands there. */
static int find_out_why(Bulk *bulk, StoreResult *ret_result, StoreFailure *failure) {
        int code;

        sqlite3_bind_blob(bulk->has, 2, bulk->key.bytes, (int)bulk->key.len, SQLITE_STATIC);
        code = sqlite3_step(bulk->has);
        sqlite3_reset(bulk->has);
        if (code != SQLITE_ROW && code != SQLITE_DONE)
                return error_trace(sqlite_connection_fail(bulk->connection, failure));

        *ret_result = code == SQLITE_ROW ? STORE_RESULT_OK_STANDS : STORE_RESULT_GONE;
        return 0;
}

static int put_outcome(Bulk *bulk, const Outcome *outcome, StoreResult *ret_result, StoreFailure *failure) {
        size_t texts_len = 0;
        char *texts;
        int r;

        r = sqlite_key_set(&bulk->key, &outcome->key);
        if (r)
                return error_trace(r);

        texts = texts_of(outcome, &texts_len);
        sqlite3_bind_blob(bulk->put, PARAMETER_KEY, bulk->key.bytes, (int)bulk->key.len, SQLITE_STATIC);
        sqlite3_bind_text(bulk->put, PARAMETER_TEXTS, texts, (int)texts_len, SQLITE_STATIC);
        bind_verdict(bulk->put, outcome);
        bind_timing(bulk->put, &outcome->timing);
        bind_response(bulk->put, outcome);
        r = sqlite_connection_finish(bulk->connection, bulk->put, failure);
        bson_free(texts);
        if (r)
                return error_trace(r);

        if (sqlite3_changes(bulk->connection->db) == 0)
                return error_trace(find_out_why(bulk, ret_result, failure));

        *ret_result = STORE_RESULT_STORED;
        return 0;
}

static int write_outcome(Bulk *bulk, const Outcome *outcome, StoreResult *ret_result, StoreFailure *failure) {
        Outcome refused;
        int r;

        if (outcome_size(outcome) <= OUTCOME_BYTES_MAX)
                return error_trace(put_outcome(bulk, outcome, ret_result, failure));

        refused = outcome_refused(outcome);
        r = put_outcome(bulk, &refused, ret_result, failure);
        if (!r && *ret_result == STORE_RESULT_STORED)
                *ret_result = STORE_RESULT_REFUSED;

        return error_trace(r);
}

static int begin_bulk(Bulk *bulk, const char *job, StoreFailure *failure) {
        int r;

        r = ensure_target(bulk->connection, bulk->target, job, failure);
        if (!r)
                r = sqlite_connection_prepare(
                        bulk->connection, SQLITE_STATEMENT_PUT_OUTCOME, &bulk->put, failure);
        if (!r)
                r = sqlite_connection_prepare(
                        bulk->connection, SQLITE_STATEMENT_HAS_DOCUMENT, &bulk->has, failure);
        if (r)
                return error_trace(r);

        sqlite3_bind_text(bulk->put, PARAMETER_JOB, job, -1, SQLITE_STATIC);
        sqlite3_bind_int(bulk->put, PARAMETER_GEN, bulk->target->generation);
        sqlite3_bind_text(bulk->put, PARAMETER_COLLECTION, bulk->target->collection, -1, SQLITE_STATIC);
        sqlite3_bind_text(bulk->has, 1, bulk->target->collection, -1, SQLITE_STATIC);
        return 0;
}

int sqlite_write(Store *base, const StoreTarget *target, Outcome *const *outcomes, size_t n,
        StoreResult *ret_results, StoreFailure *failure) {
        _cleanup_free_ StoreResult *results = calloc(n, sizeof(StoreResult));
        SqliteStore *store = (SqliteStore *)base;
        Bulk bulk = { .connection = &store->writer, .target = target };
        char job[25];
        int r;

        if (!results)
                return -ENOMEM;

        r = sqlite_store_begin(store, failure);
        if (r)
                return error_trace(r);

        bson_oid_to_string(&target->job, job);
        r = begin_bulk(&bulk, job, failure);
        for (size_t i = 0; !r && i < n; i++)
                r = write_outcome(&bulk, outcomes[i], &results[i], failure);

        sqlite_key_deinit(&bulk.key);
        r = sqlite_store_end(store, r, failure);
        if (r)
                return error_trace(r);

        memcpy(ret_results, results, n * sizeof(StoreResult));
        return 0;
}
