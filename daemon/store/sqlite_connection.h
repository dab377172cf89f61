#pragma once

#include <sqlite3.h>
#include <stdbool.h>

#include "daemon/store/sqlite_statement.h"
#include "daemon/store/store.h"

/*
 * One connection to the database file with the statements it has prepared; only the SQLite store's
 * files include this. One thread at a time.
 *
 * Unless said otherwise functions return 0; STORE_E_AWAY (locked by somebody else for longer than the
 * second that is waited), STORE_E_REFUSED, both with @failure filled; -ENOMEM.
 */

typedef struct SqliteConnection SqliteConnection;

struct SqliteConnection {
        sqlite3 *db; /* NULL: closed */
        sqlite3_stmt *statements[_SQLITE_STATEMENT_N];
};

/* Opens an existing file; does nothing on an open connection. After an error it is closed. */
int sqlite_connection_open(SqliteConnection *connection, const char *path, StoreFailure *failure);

/* May be called on a closed one. No descriptor and no lock is left behind. */
void sqlite_connection_close(SqliteConnection *connection);

/* Runs statements that give no rows. */
int sqlite_connection_execute(SqliteConnection *connection, const char *sql, StoreFailure *failure);

/* A prepared statement, reset and without bindings; it belongs to the connection. */
int sqlite_connection_prepare(SqliteConnection *connection, SqliteStatement which,
        sqlite3_stmt **ret_statement, StoreFailure *failure);

/* Steps a statement that gives no rows to its end and resets it. */
int sqlite_connection_finish(SqliteConnection *connection, sqlite3_stmt *statement, StoreFailure *failure);

/* Prepares and finishes a statement that takes no parameters. */
int sqlite_connection_run(SqliteConnection *connection, SqliteStatement which, StoreFailure *failure);

/* Ends a transaction: commits if @r is 0, else rolls back. Returns @r or what went wrong. */
int sqlite_connection_end(SqliteConnection *connection, int r, StoreFailure *failure);

/* What to return for the error that the last call on the connection's database had. */
int sqlite_connection_fail(SqliteConnection *connection, StoreFailure *failure);

/* Reads a text column as Extended JSON, or says STORE_E_REFUSED. @ret_bson belongs to the caller. */
int sqlite_connection_column_bson(
        sqlite3_stmt *statement, int column, bson_t **ret_bson, StoreFailure *failure);
