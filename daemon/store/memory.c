/*
 * A store in memory, for tests: documents are kept just as MongoDB keeps them, results and meta inside
 * them, so it is also the plainest reading of what the other kinds must come to.
 */

#include <errno.h>
#include <string.h>

#include "daemon/policy/bson_compare.h"
#include "daemon/store/memory_internal.h"

const bson_value_t *memory_id(const bson_t *document, bson_iter_t *iter) {
        static const bson_value_t none = { .value_type = BSON_TYPE_NULL };

        return selection_find(document, "_id", iter) ? bson_iter_value(iter) : &none;
}

size_t memory_place(const MemoryCollection *collection, const bson_value_t *id, bool *ret_found) {
        size_t low = 0, high = collection->n_documents;
        bson_iter_t iter;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (bson_compare_values(memory_id(collection->documents[middle], &iter), id) < 0)
                        low = middle + 1;
                else
                        high = middle;
        }

        *ret_found = low < collection->n_documents &&
                     bson_compare_values(memory_id(collection->documents[low], &iter), id) == 0;
        return low;
}

int memory_insert(MemoryCollection *collection, size_t place, bson_t *document) {
        bson_t **documents;

        documents = reallocarray(collection->documents, collection->n_documents + 1, sizeof(bson_t *));
        if (!documents)
                return -ENOMEM;

        memmove(documents + place + 1, documents + place,
                (collection->n_documents - place) * sizeof(bson_t *));
        documents[place] = document;
        collection->documents = documents;
        collection->n_documents++;
        return 0;
}

void memory_remove(MemoryCollection *collection, size_t place) {
        bson_destroy(collection->documents[place]);
        collection->n_documents--;
        memmove(collection->documents + place, collection->documents + place + 1,
                (collection->n_documents - place) * sizeof(bson_t *));
}

void memory_replace(MemoryCollection *collection, size_t place, bson_t *document) {
        bson_destroy(collection->documents[place]);
        collection->documents[place] = document;
}

static void empty_collection(MemoryCollection *collection) {
        for (size_t i = 0; i < collection->n_documents; i++)
                bson_destroy(collection->documents[i]);

        free(collection->documents);
        free(collection->name);
}

MemoryCollection *memory_collection(MemoryStore *store, const char *name) {
        MemoryCollection **collections, *collection;

        for (size_t i = 0; i < store->n_collections; i++)
                if (strcmp(store->collections[i]->name, name) == 0)
                        return store->collections[i];

        collections = reallocarray(store->collections, store->n_collections + 1, sizeof(*collections));
        if (!collections)
                return NULL;
        store->collections = collections;

        collection = calloc(1, sizeof(*collection));
        if (!collection)
                return NULL;

        collection->name = strdup(name);
        if (!collection->name) {
                free(collection);
                return NULL;
        }

        store->collections[store->n_collections++] = collection;
        return collection;
}

static int memory_open(const char *uri, const StoreOptions *options, Store **ret_store, UserError *error) {
        MemoryStore *store = calloc(1, sizeof(*store));

        if (!store)
                return -ENOMEM;

        store->base.address = strdup("memory:");
        if (!store->base.address) {
                free(store);
                return -ENOMEM;
        }

        pthread_mutex_init(&store->mutex, NULL);
        *ret_store = &store->base;
        return 0;
}

static void memory_free(Store *base) {
        MemoryStore *store = (MemoryStore *)base;

        for (size_t i = 0; i < store->n_collections; i++) {
                empty_collection(store->collections[i]);
                free(store->collections[i]);
        }

        empty_collection(&store->jobs);
        free(store->collections);
        pthread_mutex_destroy(&store->mutex);
        free(store);
}

static int memory_ping(Store *base, StoreFailure *failure) {
        return 0;
}

static int memory_check_filter(
        Store *base, const char *collection, const bson_t *filter, StoreFailure *failure) {
        return error_trace(selection_check_filter(filter, failure));
}

const StoreOps store_memory_ops = {
        .kind = "memory",
        .wants_bson = true,
        .open = memory_open,
        .free = memory_free,
        .ping = memory_ping,
        .check_filter = memory_check_filter,
        .reader_new = memory_reader_new,
        .reader_free = memory_reader_free,
        .reader_next = memory_reader_next,
        .reader_rest = memory_reader_rest,
        .count = selection_count,
        .write = memory_write,
        .job_save = memory_job_save,
        .job_delete = memory_job_delete,
        .job_load_all = memory_job_load_all,
        .import = memory_import,
};
