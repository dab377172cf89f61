/* The store contract over a MongoDB server, and what only that kind can show. */

#include <mongoc/mongoc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/timeutil.h"
#include "tests/unit/store/contract.h"

#define URI_VARIABLE "REQD_TEST_MONGODB_URI"

static mongoc_client_t *client_of(void) {
        mongoc_client_t *client = mongoc_client_new(getenv(URI_VARIABLE));

        if (!client)
                fail_msg("%s is not a MongoDB URI", URI_VARIABLE);
        return client;
}

/* The variable's URI with another database; libmongoc changes its parsed form only, not the text. */
static char *uri_with_database(const char *database) {
        const char *uri = getenv(URI_VARIABLE), *hosts = strstr(uri, "://"), *options = strchr(uri, '?');
        char *text;
        size_t len;

        assert_non_null(hosts);
        len = (size_t)(hosts - uri) + 3 + strcspn(hosts + 3, "/?");
        assert_true(asprintf(&text, "%.*s/%s%s", (int)len, uri, database, options ? options : "") > 0);
        return text;
}

/* The jobs' collection is in the URI's database, so each test names a fresh one there too. */
static void open_fresh(Contract *contract) {
        static unsigned n;
        _cleanup_free_ char *uri = NULL;
        UserError error = {};

        snprintf(contract->database, sizeof(contract->database), "reqd_test_%llx_%x_%u",
                (unsigned long long)time_wall_ms(), (unsigned)getpid(), n++);
        uri = uri_with_database(contract->database);
        if (store_open(uri, NULL, &contract->store, &error))
                fail_msg("%s", error.message);
}

static void drop(Contract *contract) {
        mongoc_client_t *client = client_of();
        mongoc_database_t *database = mongoc_client_get_database(client, contract->database);

        assert_true(mongoc_database_drop(database, NULL));
        mongoc_database_destroy(database);
        mongoc_client_destroy(client);
}

static void delete_document(Contract *contract, const char *name, const bson_value_t *id) {
        const char *dot = strchr(name, '.');
        _cleanup_free_ char *database = strndup(name, (size_t)(dot - name));
        mongoc_client_t *client = client_of();
        mongoc_collection_t *collection = mongoc_client_get_collection(client, database, dot + 1);
        bson_t selector = BSON_INITIALIZER;
        bson_error_t error;

        assert_true(bson_append_value(&selector, "_id", -1, id));
        if (!mongoc_collection_delete_one(collection, &selector, NULL, NULL, &error))
                fail_msg("%s", error.message);
        bson_destroy(&selector);
        mongoc_collection_destroy(collection);
        mongoc_client_destroy(client);
}

int main(void) {
        static const ContractKind kind = {
                .name = "mongodb",
                .open = open_fresh,
                .close = drop,
                .delete_document = delete_document,
        };

        if (!getenv(URI_VARIABLE)) {
                fprintf(stderr, "%s is not set: it names the MongoDB server that this test may use\n",
                        URI_VARIABLE);
                return EXIT_FAILURE;
        }

        mongoc_init();
        return contract_run(&kind);
}
