/* Connections, prepared statements and errors of SQLite. */

#include "daemon/store/sqlite_connection.h"

#include <errno.h>
#include <string.h>

#include "daemon/store/store_ops.h"

#define BUSY_MS 1000

/* Locks held by somebody else pass; so does a lack of descriptors, which is what CANTOPEN mostly is. */
static int classify(int code) {
        switch (code) {
        case SQLITE_IOERR_LOCK:
        case SQLITE_IOERR_UNLOCK:
        case SQLITE_IOERR_RDLOCK:
        case SQLITE_IOERR_SHMLOCK:
        case SQLITE_IOERR_BLOCKED:
        case SQLITE_IOERR_CHECKRESERVEDLOCK:
                return STORE_E_AWAY;
        }

        switch (code & 0xff) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_PROTOCOL:
        case SQLITE_CANTOPEN:
                return STORE_E_AWAY;
        case SQLITE_NOMEM:
                return -ENOMEM;
        default:
                return STORE_E_REFUSED;
        }
}

int sqlite_connection_fail(SqliteConnection *connection, StoreFailure *failure) {
        int code = connection->db ? sqlite3_extended_errcode(connection->db) : SQLITE_NOMEM;

        return store_fail(classify(code), failure, code, "%s",
                connection->db ? sqlite3_errmsg(connection->db) : sqlite3_errstr(code));
}

int sqlite_connection_open(SqliteConnection *connection, const char *path, StoreFailure *failure) {
        int persist = 1;
        int r;

        if (connection->db)
                return 0;

        if (sqlite3_open_v2(path, &connection->db,
                    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL) != SQLITE_OK) {
                r = sqlite_connection_fail(connection, failure);
                sqlite_connection_close(connection);
                return error_trace(r);
        }

        sqlite3_busy_timeout(connection->db, BUSY_MS);
        /* Whoever may only read the folder can still read the database while no daemon runs. */
        sqlite3_file_control(connection->db, "main", SQLITE_FCNTL_PERSIST_WAL, &persist);
        return 0;
}

void sqlite_connection_close(SqliteConnection *connection) {
        for (size_t i = 0; i < _SQLITE_STATEMENT_N; i++)
                sqlite3_finalize(connection->statements[i]);

        sqlite3_close(connection->db);
        *connection = (SqliteConnection) {};
}

int sqlite_connection_execute(SqliteConnection *connection, const char *sql, StoreFailure *failure) {
        if (sqlite3_exec(connection->db, sql, NULL, NULL, NULL) != SQLITE_OK)
                return error_trace(sqlite_connection_fail(connection, failure));

        return 0;
}

int sqlite_connection_prepare(SqliteConnection *connection, SqliteStatement which,
        sqlite3_stmt **ret_statement, StoreFailure *failure) {
        sqlite3_stmt **statement = &connection->statements[which];

        if (!*statement && sqlite3_prepare_v3(connection->db, sqlite_statement_text(which), -1,
                                   SQLITE_PREPARE_PERSISTENT, statement, NULL) != SQLITE_OK)
                return error_trace(sqlite_connection_fail(connection, failure));

        sqlite3_reset(*statement);
        sqlite3_clear_bindings(*statement);
        *ret_statement = *statement;
        return 0;
}

int sqlite_connection_finish(SqliteConnection *connection, sqlite3_stmt *statement, StoreFailure *failure) {
        int r = 0;

        if (sqlite3_step(statement) != SQLITE_DONE)
                r = sqlite_connection_fail(connection, failure);

        sqlite3_reset(statement);
        return error_trace(r);
}

int sqlite_connection_run(SqliteConnection *connection, SqliteStatement which, StoreFailure *failure) {
        sqlite3_stmt *statement;
        int r;

        r = sqlite_connection_prepare(connection, which, &statement, failure);
        if (r)
                return error_trace(r);

        return error_trace(sqlite_connection_finish(connection, statement, failure));
}

int sqlite_connection_end(SqliteConnection *connection, int r, StoreFailure *failure) {
        if (!r)
                r = sqlite_connection_run(connection, SQLITE_STATEMENT_COMMIT, failure);

        /* Some errors have rolled back by themselves. */
        if (r && !sqlite3_get_autocommit(connection->db))
                (void)sqlite_connection_run(connection, SQLITE_STATEMENT_ROLLBACK, NULL);

        return error_trace(r);
}

int sqlite_connection_column_bson(
        sqlite3_stmt *statement, int column, bson_t **ret_bson, StoreFailure *failure) {
        const unsigned char *text = sqlite3_column_text(statement, column);
        bson_error_t error = {};
        bson_t *bson;

        if (!text)
                return -ENOMEM;

        bson = bson_new_from_json(text, sqlite3_column_bytes(statement, column), &error);
        if (!bson)
                return store_fail(STORE_E_REFUSED, failure, SQLITE_CORRUPT,
                        "what is stored is not Extended JSON: %s", error.message);

        *ret_bson = bson;
        return 0;
}
