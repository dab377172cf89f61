/* Views that show documents with their outcomes, for whoever opens the file with sqlite3. */

#include <errno.h>
#include <string.h>

#include "common/alloc.h"
#include "daemon/store/sqlite_internal.h"

/* The job of the newest outcome of document `d` among those of some targets of its collection. */
#define NEWEST(_which)                                                                                       \
        "(SELECT o.job FROM targets t CROSS JOIN outcomes o ON o.job = t.job AND o.key = d.key"              \
        " WHERE t.collection = %Q AND " _which " ORDER BY o.at DESC, o.job DESC LIMIT 1)"
#define NEWEST_ANSWER NEWEST("t.field = %Q AND o.state = 'ok'")
#define NEWEST_META NEWEST("t.meta = %Q")

/* First the newest answer `r` is laid over the document, then the newest outcome `m` of job `mt`. */
static const char view[] =
        "CREATE VIEW IF NOT EXISTS \"%w\" AS"
        " SELECT coalesce(d.doc ->> '$._id.\"$oid\"', d.doc ->> '$._id') AS _id,"
        " CASE WHEN m.job IS NULL THEN d.answered ELSE json_set(d.answered, %Q, %s) END AS document,"
        " d.response AS response, mt.name AS job, m.gen AS gen, m.state AS state, m.reason AS reason,"
        " m.status AS status, m.attempts AS attempts, %s AS at, m.ms_total AS ms_total, m.bytes AS bytes,"
        " m.error ->> '$' AS error"
        " FROM (SELECT d.key AS key, d.doc AS doc, coalesce(r.response, d.doc -> %Q) AS response,"
        " CASE WHEN r.job IS NULL THEN d.doc ELSE json_set(d.doc, %Q, json(r.response)) END AS answered"
        " FROM documents d LEFT JOIN outcomes r ON r.key = d.key AND r.job = " NEWEST_ANSWER
        " WHERE d.collection = %Q) d"
        " LEFT JOIN outcomes m ON m.key = d.key AND m.job = " NEWEST_META
        " LEFT JOIN targets mt ON mt.job = m.job";

/* Whether a JSON path can name a field: SQLite knows no escape for these inside its quotes. */
static bool can_be_path(const char *name) {
        for (; *name; name++)
                if (*name == '"' || *name == '\\' || (unsigned char)*name < 0x20)
                        return false;

        return true;
}

static char *view_name(const char *collection, const char *field, const char *meta) {
        if (strcmp(field, SQLITE_VIEW_FIELD) == 0 && strcmp(meta, SQLITE_VIEW_META) == 0)
                return sqlite3_mprintf("%s", collection);

        return sqlite3_mprintf("%s:%s:%s", collection, field, meta);
}

int sqlite_view_create(SqliteConnection *connection, const char *collection, const char *field,
        const char *meta, StoreFailure *failure) {
        char *name, *field_path, *meta_path, *sql;
        int r;

        if (!can_be_path(field) || !can_be_path(meta))
                return 0;

        name = view_name(collection, field, meta);
        field_path = sqlite3_mprintf("$.\"%s\"", field);
        meta_path = sqlite3_mprintf("$.\"%s\"", meta);
        sql = sqlite3_mprintf(view, name, meta_path, SQLITE_STATEMENT_META_JSON, SQLITE_STATEMENT_AT_TEXT,
                field_path, field_path, collection, field, collection, collection, meta);
        r = name && field_path && meta_path && sql ? sqlite_connection_execute(connection, sql, failure)
                                                   : -ENOMEM;
        sqlite3_free(sql);
        sqlite3_free(meta_path);
        sqlite3_free(field_path);
        sqlite3_free(name);
        return error_trace(r);
}
