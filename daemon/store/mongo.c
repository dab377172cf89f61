/*
 * The MongoDB store: its options and its connections. Everything that blocks is libmongoc's, which is why
 * the store's functions are the workers' only.
 */

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "daemon/store/mongo_error.h"
#include "daemon/store/mongo_internal.h"

#define APPNAME "reqd"
#define DEFAULT_DATABASE "reqd"
#define DEFAULT_PAGE_DOCUMENTS 5000

#define SERVER_SELECTION_TIMEOUT_MS 2500
#define CONNECT_TIMEOUT_MS 5000
#define WRITING_TIMEOUT_MS 10000
#define ACKNOWLEDGE_TIMEOUT_MS 8000 /* below the socket's: the server's answer is better than none */
#define READING_TIMEOUT_MS 300000
#define WRITING_CLIENTS_MAX 16
#define READING_CLIENTS_MAX 256 /* a reader keeps one with its cursor, however many jobs there are */

/* Called under a lock that all of the library's threads share. */
static void on_log(mongoc_log_level_t level, const char *domain, const char *message, void *context) {
        if (level <= MONGOC_LOG_LEVEL_WARNING)
                log_warning("store: %s: %s", domain, message);
        else
                log_debug("store: %s: %s", domain, message);
}

static void set_default(mongoc_uri_t *uri, const char *option, int32_t value) {
        if (!mongoc_uri_has_option(uri, option))
                (void)mongoc_uri_set_option_as_int32(uri, option, value);
}

static bool is_weaker(const mongoc_write_concern_t *concern) {
        int32_t w = mongoc_write_concern_get_w(concern);

        return (w != MONGOC_WRITE_CONCERN_W_DEFAULT && w != MONGOC_WRITE_CONCERN_W_MAJORITY) ||
               (mongoc_write_concern_journal_is_set(concern) && !mongoc_write_concern_get_journal(concern));
}

/* What has been acknowledged stays, and is what is read next: the promise is not the URI's to weaken. */
static void make_safe(mongoc_uri_t *uri) {
        mongoc_write_concern_t *concern = mongoc_write_concern_new();
        mongoc_read_prefs_t *primary = mongoc_read_prefs_new(MONGOC_READ_PRIMARY);

        if (is_weaker(mongoc_uri_get_write_concern(uri)))
                log_warning("store: the URI's write concern is overridden by w: majority, j: true");
        if (mongoc_read_prefs_get_mode(mongoc_uri_get_read_prefs_t(uri)) != MONGOC_READ_PRIMARY)
                log_warning("store: the URI's read preference is overridden by primary");

        mongoc_write_concern_set_wmajority(concern, ACKNOWLEDGE_TIMEOUT_MS);
        mongoc_write_concern_set_journal(concern, true);
        mongoc_uri_set_write_concern(uri, concern);
        mongoc_uri_set_read_prefs_t(uri, primary);

        mongoc_read_prefs_destroy(primary);
        mongoc_write_concern_destroy(concern);
}

static void set_options(MongoStore *store, mongoc_uri_t *uri) {
        mongoc_uri_t *reading;

        if (!mongoc_uri_get_appname(uri))
                (void)mongoc_uri_set_appname(uri, APPNAME);
        set_default(uri, MONGOC_URI_SERVERSELECTIONTIMEOUTMS, SERVER_SELECTION_TIMEOUT_MS);
        set_default(uri, MONGOC_URI_CONNECTTIMEOUTMS, CONNECT_TIMEOUT_MS);
        /* Whoever calls tries again by itself; the library loses the memory of a first answer when it does. */
        (void)mongoc_uri_set_option_as_bool(uri, MONGOC_URI_RETRYREADS, false);
        make_safe(uri);

        reading = mongoc_uri_copy(uri);
        (void)mongoc_uri_set_option_as_int32(reading, MONGOC_URI_SOCKETTIMEOUTMS, READING_TIMEOUT_MS);
        (void)mongoc_uri_set_option_as_int32(reading, MONGOC_URI_MAXPOOLSIZE, READING_CLIENTS_MAX);
        store->uris[MONGO_READING] = reading;

        set_default(uri, MONGOC_URI_SOCKETTIMEOUTMS, WRITING_TIMEOUT_MS);
        set_default(uri, MONGOC_URI_MAXPOOLSIZE, WRITING_CLIENTS_MAX);
        store->uris[MONGO_WRITING] = uri;
}

/* Hosts and database only: an option may hold a secret too. */
static char *address_of(const mongoc_uri_t *uri) {
        const char *service = mongoc_uri_get_srv_hostname(uri);
        const char *database = mongoc_uri_get_database(uri);
        const char *separator = "";
        size_t size;
        char *text = NULL;
        FILE *out;

        out = open_memstream(&text, &size);
        if (!out)
                return NULL;

        fprintf(out, "mongodb%s://%s", service ? "+srv" : "", service ? service : "");
        for (const mongoc_host_list_t *host = mongoc_uri_get_hosts(uri); host; host = host->next) {
                fprintf(out, "%s%s", separator, host->host_and_port);
                separator = ",";
        }
        fprintf(out, "/%s", database ? database : "");

        if (fclose(out) == 0)
                return text;

        free(text);
        return NULL;
}

static void free_store(Store *base) {
        MongoStore *store = (MongoStore *)base;

        for (size_t i = 0; i < _MONGO_USE_N; i++) {
                if (store->pools[i])
                        mongoc_client_pool_destroy(store->pools[i]);
                if (store->uris[i])
                        mongoc_uri_destroy(store->uris[i]);
        }

        pthread_mutex_destroy(&store->lock);
        free(store->jobs_database);
        free(store);
}

static void begin_library(void) {
        mongoc_init();
        mongoc_log_set_handler(on_log, NULL);
}

/*
 * A password that should have been percent-encoded may end up in the parser's words, or in what it takes
 * for the database: neither is told where there is an @.
 */
static mongoc_uri_t *parse_uri(const char *text, UserError *user_error) {
        mongoc_uri_t *uri;
        bson_error_t error;
        const char *database;

        uri = mongoc_uri_new_with_error(text, &error);
        database = uri ? mongoc_uri_get_database(uri) : NULL;
        if (uri && !(database && strchr(database, '@')))
                return uri;

        if (strchr(text, '@'))
                (void)user_error_set(user_error, NULL, "percent-encode : / ? # [ ] @ % in user and password",
                        "the store's URI cannot be read");
        else
                (void)user_error_set(user_error, NULL, "write mongodb://HOST:27017/DATABASE",
                        "the store's URI cannot be read: %s", error.message);
        if (uri)
                mongoc_uri_destroy(uri);
        return NULL;
}

static int check_uri(const char *text, UserError *user_error) {
        mongoc_uri_t *uri;

        begin_library();
        uri = parse_uri(text, user_error);
        if (!uri)
                return -EINVAL;

        mongoc_uri_destroy(uri);
        return 0;
}

static int open_store(
        const char *text, const StoreOptions *options, Store **ret_store, UserError *user_error) {
        const char *database;
        MongoStore *store;
        mongoc_uri_t *uri;

        begin_library();
        uri = parse_uri(text, user_error);
        if (!uri)
                return -EINVAL;

        store = calloc(1, sizeof(*store));
        if (!store) {
                mongoc_uri_destroy(uri);
                return -ENOMEM;
        }

        pthread_mutex_init(&store->lock, NULL);
        set_options(store, uri);
        database = mongoc_uri_get_database(uri);
        if (!database)
                database = options->default_database ? options->default_database : DEFAULT_DATABASE;
        store->page_documents = options->page_documents ? options->page_documents : DEFAULT_PAGE_DOCUMENTS;
        store->jobs_database = strdup(database);
        store->store.address = address_of(uri);
        if (!store->jobs_database || !store->store.address) {
                free(store->store.address);
                free_store(&store->store);
                return -ENOMEM;
        }

        *ret_store = &store->store;
        return 0;
}

static int make_pool(MongoStore *store, MongoUse use, StoreFailure *failure) {
        mongoc_client_pool_t *pool;
        bson_error_t error = {};

        if (store->pools[use])
                return 0;

        pool = mongoc_client_pool_new_with_error(store->uris[use], &error);
        if (!pool)
                return store_fail(STORE_E_AWAY, failure, (int)error.code, "%s", error.message);

        (void)mongoc_client_pool_set_error_api(pool, MONGOC_ERROR_API_VERSION_2);
        store->pools[use] = pool;
        return 0;
}

int mongo_client_get(MongoStore *store, MongoUse use, mongoc_client_t **ret_client, StoreFailure *failure) {
        mongoc_client_t *client;
        int r;

        pthread_mutex_lock(&store->lock);
        r = make_pool(store, use, failure);
        pthread_mutex_unlock(&store->lock);
        if (r)
                return r;

        /* A reader keeps its client between calls: waiting for one could be waiting for oneself. */
        if (use == MONGO_READING)
                client = mongoc_client_pool_try_pop(store->pools[use]);
        else
                client = mongoc_client_pool_pop(store->pools[use]);
        if (!client)
                return store_fail(STORE_E_AWAY, failure, 0, "no free connection for another reader");

        *ret_client = client;
        return 0;
}

/* Once, and only after a call worked: an absent server is not to be waited for twice. */
static void greet(MongoStore *store, mongoc_client_t *client) {
        bson_t *command, reply;
        bson_iter_t iter;

        if (atomic_exchange(&store->greeted, true))
                return;

        command = BCON_NEW("buildInfo", BCON_INT32(1));
        if (mongoc_client_command_simple(client, "admin", command, NULL, &reply, NULL) &&
                bson_iter_init_find(&iter, &reply, "version") && BSON_ITER_HOLDS_UTF8(&iter))
                log_info("store: MongoDB %s at %s", bson_iter_utf8(&iter, NULL), store->store.address);
        bson_destroy(&reply);
        bson_destroy(command);
}

void mongo_client_put(MongoStore *store, MongoUse use, mongoc_client_t *client, int r) {
        if (r == 0)
                greet(store, client);
        mongoc_client_pool_push(store->pools[use], client);
}

mongoc_collection_t *mongo_collection(mongoc_client_t *client, const char *name) {
        const char *dot = strchr(name, '.');
        char database[128];

        if (!dot || !dot[1] || (size_t)(dot - name) >= sizeof(database))
                return NULL;

        snprintf(database, sizeof(database), "%.*s", (int)(dot - name), name);
        return mongoc_client_get_collection(client, database, dot + 1);
}

const StoreOps store_mongo_ops = {
        .kind = "mongodb",
        .wants_bson = true,
        .check_uri = check_uri,
        .open = open_store,
        .free = free_store,
        .ping = mongo_ping,
        .lease_take = mongo_lease_take,
        .lease_renew = mongo_lease_renew,
        .lease_release = mongo_lease_release,
        .check_filter = mongo_check_filter,
        .reader_new = mongo_reader_new,
        .reader_free = mongo_reader_free,
        .reader_next = mongo_reader_next,
        .reader_rest = mongo_reader_rest,
        .count = mongo_count,
        .write = mongo_write,
        .job_save = mongo_job_save,
        .job_delete = mongo_job_delete,
        .job_load_all = mongo_job_load_all,
        .import = mongo_import,
};
