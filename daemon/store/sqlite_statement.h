#pragma once

/*
 * Every statement that the SQLite store prepares, in one table. Parameters with names are bound by
 * name, numbered ones by number; what a statement gives is said beside it.
 */

typedef enum SqliteStatement {
        SQLITE_STATEMENT_BEGIN_READ,
        SQLITE_STATEMENT_BEGIN_WRITE,
        SQLITE_STATEMENT_COMMIT,
        SQLITE_STATEMENT_ROLLBACK,

        /*
         * The selections, in the order of StoreSelection: rows of key, document, answered, state,
         * reason, status, attempts, sorted by key.
         */
        SQLITE_STATEMENT_SELECT_PENDING,
        SQLITE_STATEMENT_SELECT_FAILED,
        SQLITE_STATEMENT_SELECT_ALL,
        SQLITE_STATEMENT_SELECT_ANSWERED,

        SQLITE_STATEMENT_OTHER_TARGETS, /* (collection, job): field, meta of the other jobs */
        SQLITE_STATEMENT_OUTCOMES_OF, /* (collection, key): field, meta, meta JSON, response; newest first */

        SQLITE_STATEMENT_ADD_TARGET,
        SQLITE_STATEMENT_PUT_OUTCOME,
        SQLITE_STATEMENT_HAS_DOCUMENT, /* (collection, key): a row if it is there */
        SQLITE_STATEMENT_ADD_DOCUMENT,

        SQLITE_STATEMENT_SAVE_JOB,
        SQLITE_STATEMENT_DELETE_JOB,
        SQLITE_STATEMENT_LOAD_JOBS, /* record; oldest first */

        _SQLITE_STATEMENT_N,
} SqliteStatement;

/* The SQL of a statement. Static. */
const char *sqlite_statement_text(SqliteStatement statement);

/*
 * Makes the tables where they are missing. A deleted document takes its outcomes with it, whoever
 * deletes it, as it does in MongoDB, where they are inside it.
 */
#define SQLITE_STATEMENT_SCHEMA                                                                              \
        "CREATE TABLE IF NOT EXISTS documents ("                                                             \
        " collection TEXT NOT NULL, key BLOB NOT NULL, doc TEXT NOT NULL,"                                   \
        " PRIMARY KEY (collection, key)) WITHOUT ROWID;"                                                     \
        "CREATE TABLE IF NOT EXISTS targets ("                                                               \
        " job TEXT PRIMARY KEY NOT NULL, name TEXT NOT NULL,"                                                \
        " collection TEXT NOT NULL, field TEXT NOT NULL, meta TEXT NOT NULL) WITHOUT ROWID;"                 \
        "CREATE INDEX IF NOT EXISTS targets_collection ON targets (collection, field);"                      \
        "CREATE TABLE IF NOT EXISTS outcomes ("                                                              \
        " job TEXT NOT NULL, key BLOB NOT NULL, gen INTEGER NOT NULL, state TEXT NOT NULL, reason TEXT,"     \
        " status INTEGER, attempts INTEGER NOT NULL, at INTEGER NOT NULL, ms_dns REAL, ms_connect REAL,"     \
        " ms_tls REAL, ms_wait REAL, ms_total REAL, bytes INTEGER, n INTEGER, raw INTEGER, error TEXT,"      \
        " body TEXT, response TEXT, PRIMARY KEY (job, key));"                                                \
        "CREATE TRIGGER IF NOT EXISTS documents_deleted AFTER DELETE ON documents BEGIN"                     \
        " DELETE FROM outcomes WHERE key = old.key"                                                          \
        " AND job IN (SELECT job FROM targets WHERE collection = old.collection); END;"                      \
        "CREATE TABLE IF NOT EXISTS jobs ("                                                                  \
        " id TEXT PRIMARY KEY NOT NULL, name TEXT NOT NULL, record TEXT NOT NULL) WITHOUT ROWID;"

/* The time of an outcome as text; the meta of outcome `m` of target `mt` as MongoDB would show it. */
#define SQLITE_STATEMENT_AT_TEXT "strftime('%Y-%m-%dT%H:%M:%fZ', m.at / 1000.0, 'unixepoch')"
#define SQLITE_STATEMENT_META_JSON                                                                           \
        "json_patch('{}', json_object('id', json_object('$oid', m.job), 'job', mt.name, 'gen', m.gen,"       \
        " 'state', m.state, 'reason', m.reason, 'status', m.status, 'attempts', m.attempts,"                 \
        " 'at', json_object('$date', " SQLITE_STATEMENT_AT_TEXT "),"                                         \
        " 'ms', json_object('dns', m.ms_dns, 'connect', m.ms_connect, 'tls', m.ms_tls, 'wait', m.ms_wait,"   \
        " 'total', m.ms_total), 'bytes', m.bytes, 'n', m.n, 'raw', json(CASE m.raw WHEN 1 THEN 'true' END)," \
        " 'error', json(m.error), 'body', json(m.body)))"
