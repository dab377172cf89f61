/* The embedded store: one SQLite file that its user can open with sqlite3 as well. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "daemon/store/selection.h"
#include "daemon/store/sqlite_internal.h"

#define SCHEME "sqlite:"
#define APPLICATION_ID "1919250788" /* "reqd" */
#define SCHEMA_VERSION "1"

/*
 * With synchronous = FULL a commit syncs the WAL before it returns: what was acknowledged survives a power cut. With
 * NORMAL only checkpoints sync it; the file would stay intact, but the last bulks could be lost, and the requests for
 * them would be sent again. With 1,000 outcomes a commit FULL costs 3 to 4 us of CPU a document more (measured).
 *
 * 8 KiB pages suit rows of a kilobyte (measured, see sqlite_statement.c); the size binds for a new file
 * only. The limit bounds what a WAL that once grew leaves behind.
 */
#define PREPARE_FILE                                                                                         \
        "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"                     \
        " PRAGMA journal_size_limit = 67108864;"
#define MARK_FILE "PRAGMA application_id = " APPLICATION_ID "; PRAGMA user_version = " SCHEMA_VERSION ";"

/* Whether the file is new, ours, or neither. */
#define LOOK                                                                                                 \
        "SELECT CASE WHEN application_id = " APPLICATION_ID " THEN user_version > " SCHEMA_VERSION           \
        " ELSE 2 * EXISTS (SELECT 1 FROM sqlite_schema) END FROM pragma_application_id, pragma_user_version"

/* SQLite would go on writing into a file that nobody can find any more. */
static int check_place(SqliteStore *store, StoreFailure *failure) {
        int moved = 0;

        if (sqlite3_file_control(store->writer.db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) != SQLITE_OK ||
                !moved)
                return 0;

        return store_fail(STORE_E_REFUSED, failure, SQLITE_READONLY_DBMOVED,
                "%s was removed, or another file is in its place", store->path);
}

int sqlite_store_begin(SqliteStore *store, StoreFailure *failure) {
        int r;

        pthread_mutex_lock(&store->mutex);
        r = check_place(store, failure);
        if (!r)
                r = sqlite_connection_run(&store->writer, SQLITE_STATEMENT_BEGIN_WRITE, failure);
        if (r)
                pthread_mutex_unlock(&store->mutex);

        return error_trace(r);
}

int sqlite_store_end(SqliteStore *store, int r, StoreFailure *failure) {
        r = sqlite_connection_end(&store->writer, r, failure);
        pthread_mutex_unlock(&store->mutex);
        return error_trace(r);
}

/*
 * SQLite would create the file by mode 0644; its WAL takes over whatever mode the file has. Never
 * opened where it exists: closing it would drop the locks of this process's other connections.
 */
static int create_file(const char *path, UserError *error) {
        int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0660);

        if (fd < 0 && errno == EEXIST) {
                if (access(path, F_OK) == 0)
                        return 0;
                fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0660); /* a link to what is not there yet */
        }
        if (fd < 0)
                return user_error_set(error, NULL, NULL, "cannot create %s: %m", path);

        close(fd);
        return 0;
}

/*
 * One daemon owns a store's jobs: two would both send the requests of one job. The lock is beside the file, as closing
 * any descriptor of the file itself would release SQLite's own locks, and beside where links lead, so that all names of
 * the file have one lock. The kernel frees it when its owner dies.
 */
static int lock_file(SqliteStore *store, UserError *error) {
        _cleanup_free_ char *place = realpath(store->path, NULL), *path = NULL;

        if (!place)
                return user_error_set(error, NULL, NULL, "cannot find %s: %m", store->path);
        if (asprintf(&path, "%s.lock", place) < 0)
                return -ENOMEM;

        store->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0660);
        if (store->lock < 0)
                return user_error_set(error, NULL, NULL, "cannot create %s: %m", path);
        if (flock(store->lock, LOCK_EX | LOCK_NB) < 0) {
                user_error_set(error, NULL, "end that one first, or name another file",
                        "another reqd is at work on %s", store->path);
                return -EBUSY; /* no fault of the settings: trying again later may help */
        }

        return 0;
}

static int look(SqliteConnection *connection, int *ret_kind, StoreFailure *failure) {
        sqlite3_stmt *statement = NULL;
        int r = 0;

        if (sqlite3_prepare_v2(connection->db, LOOK, -1, &statement, NULL) != SQLITE_OK ||
                sqlite3_step(statement) != SQLITE_ROW)
                r = sqlite_connection_fail(connection, failure);
        else
                *ret_kind = sqlite3_column_int(statement, 0);

        sqlite3_finalize(statement);
        return error_trace(r);
}

static int prepare_file(SqliteConnection *connection, StoreFailure *failure) {
        int r;

        r = sqlite_connection_execute(connection, PREPARE_FILE, failure);
        if (r)
                return error_trace(r);

        r = sqlite_connection_run(connection, SQLITE_STATEMENT_BEGIN_WRITE, failure);
        if (r)
                return error_trace(r);

        r = sqlite_connection_execute(connection, SQLITE_STATEMENT_SCHEMA MARK_FILE, failure);
        return error_trace(sqlite_connection_end(connection, r, failure));
}

static int open_file(SqliteStore *store, UserError *error) {
        StoreFailure failure = {};
        int kind = 0, r;

        r = create_file(store->path, error);
        if (!r)
                r = lock_file(store, error);
        if (r)
                return error_trace(r);

        r = sqlite_connection_open(&store->writer, store->path, &failure);
        if (!r)
                r = look(&store->writer, &kind, &failure);
        if (!r && kind != 0)
                return user_error_set(error, NULL, "name another file",
                        kind == 1 ? "%s was made by a newer reqd" : "%s is the database of another program",
                        store->path);
        if (!r)
                r = prepare_file(&store->writer, &failure);
        if (r)
                return user_error_set(error, NULL, NULL, "cannot open %s: %s", store->path, failure.message);

        return 0;
}

static void sqlite_free(Store *base) {
        SqliteStore *store = (SqliteStore *)base;

        sqlite_connection_close(&store->writer);
        pthread_mutex_destroy(&store->mutex);
        if (store->lock >= 0)
                close(store->lock);
        free(store->path);
        free(store);
}

static int sqlite_check_uri(const char *uri, UserError *error) {
        const char *path = uri + strlen(SCHEME);

        /* SQLite takes names that begin with a colon for databases in memory. */
        if (!*path || *path == ':')
                return user_error_set(error, NULL, "write sqlite:FILE", "\"%s\" names no file", uri);

        return 0;
}

static int sqlite_open(const char *uri, const StoreOptions *options, Store **ret_store, UserError *error) {
        const char *path = uri + strlen(SCHEME);
        SqliteStore *store;
        int r;

        store = calloc(1, sizeof(*store));
        if (!store)
                return -ENOMEM;

        store->lock = -1;
        pthread_mutex_init(&store->mutex, NULL);
        store->path = strdup(path);
        store->base.address = strdup(uri);
        r = store->path && store->base.address ? open_file(store, error) : -ENOMEM;
        if (r) {
                free(store->base.address);
                sqlite_free(&store->base);
                return error_trace(r);
        }

        *ret_store = &store->base;
        return 0;
}

/* Whether it would take a write: the lock that somebody else may hold is the one that matters. */
static int sqlite_ping(Store *base, StoreFailure *failure) {
        SqliteStore *store = (SqliteStore *)base;
        int r;

        r = sqlite_store_begin(store, failure);
        if (r)
                return error_trace(r);

        return error_trace(sqlite_store_end(store, 0, failure));
}

static int sqlite_check_filter(
        Store *base, const char *collection, const bson_t *filter, StoreFailure *failure) {
        return error_trace(selection_check_filter(filter, failure));
}

const StoreOps store_sqlite_ops = {
        .kind = "sqlite",
        .wants_bson = false,
        .check_uri = sqlite_check_uri,
        .open = sqlite_open,
        .free = sqlite_free,
        .ping = sqlite_ping,
        .check_filter = sqlite_check_filter,
        .reader_new = sqlite_reader_new,
        .reader_free = sqlite_reader_free,
        .reader_next = sqlite_reader_next,
        .reader_rest = sqlite_reader_rest,
        .count = selection_count,
        .write = sqlite_write,
        .job_save = sqlite_job_save,
        .job_delete = sqlite_job_delete,
        .job_load_all = sqlite_job_load_all,
        .import = sqlite_import,
};
