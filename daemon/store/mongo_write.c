/*
 * Storing outcomes in MongoDB: one unordered bulk, each operation a point lookup that may be sent again.
 *
 * What the server refuses for the content of one answer is stored once more without it, as failed with
 * `store_refused`. Only when fewer documents matched than were asked for are they looked at.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "daemon/store/mongo_error.h"
#include "daemon/store/mongo_internal.h"
#include "daemon/store/mongo_query.h"

#define LOOK_N 100 /* documents looked at by one find: each is compared with all of them */

typedef struct Writing Writing;

struct Writing {
        const StoreTarget *target;
        Outcome *const *outcomes;
        size_t n;
        mongoc_collection_t *collection;
        StoreFailure *failure;

        /* STORED until more is known. Of what is REFUSED no answer is sent. */
        StoreResult *results;

        /* Indices of outcomes that have become REFUSED and must be sent once more. */
        size_t *again;
        size_t n_again;

        uint64_t expected; /* operations that the server accepted */
        uint64_t matched;  /* documents that they matched */

        bson_t selector; /* of the operation that is being added; kept for their memory */
        bson_t update;
        bson_t *unchecked; /* options of an operation */
};

static void writing_deinit(Writing *writing) {
        bson_destroy(writing->unchecked);
        bson_destroy(&writing->update);
        bson_destroy(&writing->selector);
        free(writing->again);
        free(writing->results);
}

static int writing_init(Writing *writing) {
        bson_init(&writing->selector);
        bson_init(&writing->update);
        writing->unchecked = BCON_NEW("validate", BCON_BOOL(false)); /* an empty key is a key */
        writing->results = calloc(writing->n, sizeof(*writing->results));
        writing->again = calloc(writing->n, sizeof(*writing->again));
        return writing->results && writing->again ? 0 : -ENOMEM;
}

static bool append_value(bson_t *set, const char *field, const Outcome *outcome) {
        bson_iter_t iter;

        switch (outcome->value_form) {
        case OUTCOME_VALUE_NONE:
                return true;
        case OUTCOME_VALUE_NULL:
                return BSON_APPEND_NULL(set, field);
        case OUTCOME_VALUE_TEXT:
                return outcome->value_len <= INT32_MAX &&
                       bson_append_utf8(set, field, -1, outcome->value, (int)outcome->value_len);
        case OUTCOME_VALUE_JSON:
                return outcome->value_bson && bson_iter_init(&iter, outcome->value_bson) &&
                       bson_iter_next(&iter) && bson_append_iter(set, field, -1, &iter);
        }

        return false;
}

/* {$set: {<field>: <value>, <meta>: {...}}}; false if that is larger than a document may be. */
static bool build_update(Writing *writing, const Outcome *outcome) {
        const StoreTarget *target = writing->target;
        bson_t set, meta;
        bool ok;

        bson_reinit(&writing->update);
        BSON_APPEND_DOCUMENT_BEGIN(&writing->update, "$set", &set);
        ok = append_value(&set, target->field, outcome);
        BSON_APPEND_DOCUMENT_BEGIN(&set, target->meta, &meta);
        ok = outcome_append_meta(outcome, &target->job, target->job_name, target->generation, &meta) && ok;
        bson_append_document_end(&set, &meta);
        bson_append_document_end(&writing->update, &set);
        return ok && writing->update.len <= MONGO_DOCUMENT_MAX;
}

static bool writes_failed(const Writing *writing, size_t i) {
        return writing->outcomes[i]->state == OUTCOME_FAILED || writing->results[i] == STORE_RESULT_REFUSED;
}

static int add(Writing *writing, mongoc_bulk_operation_t *bulk, size_t i) {
        const Outcome *outcome = writing->outcomes[i];
        Outcome refused = outcome_refused(outcome);
        bson_error_t error;

        if (writing->results[i] != STORE_RESULT_REFUSED && !build_update(writing, outcome))
                writing->results[i] = STORE_RESULT_REFUSED;
        if (writing->results[i] == STORE_RESULT_REFUSED && !build_update(writing, &refused))
                return store_fail(STORE_E_REFUSED, writing->failure, 0, "an outcome does not fit a document");

        bson_reinit(&writing->selector);
        mongo_query_append_place(
                &writing->selector, writing->target, &outcome->key, writes_failed(writing, i));
        if (!mongoc_bulk_operation_update_one_with_opts(
                    bulk, &writing->selector, &writing->update, writing->unchecked, &error))
                return store_fail(STORE_E_REFUSED, writing->failure, (int)error.code, "%s", error.message);

        return 0;
}

/* The server did not take outcome @i, and gave @error as the reason. */
static int refuse(Writing *writing, size_t i, const bson_error_t *error) {
        MongoVerdict verdict = mongo_error_verdict((int32_t)error->code);
        bool again = writing->results[i] == STORE_RESULT_REFUSED;

        if (verdict == MONGO_VERDICT_AWAY || verdict == MONGO_VERDICT_REFUSED || again)
                return mongo_error_fail(error, NULL, writing->failure);

        writing->results[i] = STORE_RESULT_REFUSED;
        writing->again[writing->n_again++] = i;
        return 0;
}

/* @which[0..n): what was sent. Every operation without an error of its own was accepted. */
static int take_reply(Writing *writing, const size_t *which, size_t n, const bson_t *reply) {
        bson_iter_t iter, matched;
        bson_error_t error;
        uint32_t index;
        int r;

        r = mongo_error_of_concern(reply, writing->failure);
        if (r)
                return r;

        writing->expected += n;
        if (bson_iter_init_find(&matched, reply, "nMatched"))
                writing->matched += (uint64_t)bson_iter_as_int64(&matched);

        for (bool more = mongo_error_first(&iter, reply, &index, &error); more;
                more = mongo_error_next(&iter, &index, &error)) {
                writing->expected--;
                r = index < n ? refuse(writing, which[index], &error) : -EINVAL;
                if (r)
                        return r;
        }

        return 0;
}

static int send_all(Writing *writing, const size_t *which, size_t n);

/*
 * The server refused the command as a whole for something that one document holds. It does not say which:
 * halves find it. The first one that is refused without its answer too ends this.
 */
static int send_halves(Writing *writing, const size_t *which, size_t n, const bson_error_t *error) {
        int r;

        if (n == 1)
                return refuse(writing, which[0], error);

        r = send_all(writing, which, n / 2);
        return r ? r : send_all(writing, which + n / 2, n - n / 2);
}

static int execute(Writing *writing, mongoc_bulk_operation_t *bulk, const size_t *which, size_t n) {
        bson_error_t error = {}, first;
        bson_iter_t iter;
        uint32_t index;
        bool ok, answered;
        bson_t reply;
        int r;

        ok = mongoc_bulk_operation_execute(bulk, &reply, &error) != 0;
        answered = error.domain == MONGOC_ERROR_SERVER;
        if (ok || (answered && mongo_error_first(&iter, &reply, &index, &first)))
                r = take_reply(writing, which, n, &reply);
        else if (answered && mongo_error_verdict((int32_t)error.code) == MONGO_VERDICT_DOCUMENT)
                r = send_halves(writing, which, n, &error);
        else
                r = mongo_error_fail(&error, &reply, writing->failure);

        bson_destroy(&reply);
        return r;
}

static int send_all(Writing *writing, const size_t *which, size_t n) {
        _cleanup_(mongo_bulk_freep) mongoc_bulk_operation_t *bulk = NULL;
        bson_t unordered = BSON_INITIALIZER;

        BSON_APPEND_BOOL(&unordered, "ordered", false);
        bulk = mongoc_collection_create_bulk_operation_with_opts(writing->collection, &unordered);
        bson_destroy(&unordered);

        for (size_t i = 0; i < n; i++) {
                int r = add(writing, bulk, which[i]);

                if (r)
                        return r;
        }

        return execute(writing, bulk, which, n);
}

static bool same_key(const bson_value_t *a, const bson_value_t *b) {
        bson_t x = BSON_INITIALIZER, y = BSON_INITIALIZER;
        bool same;

        BSON_APPEND_VALUE(&x, "", a);
        BSON_APPEND_VALUE(&y, "", b);
        same = bson_equal(&x, &y);
        bson_destroy(&y);
        bson_destroy(&x);
        return same;
}

/*
 * What became of outcome @i, whose document has this meta. A document without an outcome of ours is a new
 * one in the place of the one that was read: to this generation that one is gone.
 */
static StoreResult judge_meta(const Writing *writing, size_t i, bson_iter_t *meta) {
        const StoreTarget *target = writing->target;
        int64_t generation = 0;
        bool ours = false, ok = false;

        while (bson_iter_next(meta)) {
                const char *key = bson_iter_key(meta);

                if (strcmp(key, "id") == 0)
                        ours = BSON_ITER_HOLDS_OID(meta) && bson_oid_equal(bson_iter_oid(meta), &target->job);
                else if (strcmp(key, "gen") == 0)
                        generation = bson_iter_as_int64(meta);
                else if (strcmp(key, "state") == 0 && BSON_ITER_HOLDS_UTF8(meta))
                        ok = strcmp(bson_iter_utf8(meta, NULL), outcome_state_name(OUTCOME_OK)) == 0;
        }

        if (!ours)
                return STORE_RESULT_GONE;
        if (writes_failed(writing, i) && (ok || generation > target->generation))
                return STORE_RESULT_OK_STANDS;

        return generation == target->generation ? writing->results[i] : STORE_RESULT_GONE;
}

/* Enters what @document tells into @found[0..n), the results of the outcomes from index @first on. */
static void look_at(
        const Writing *writing, size_t first, size_t n, const bson_t *document, StoreResult *found) {
        const StoreTarget *target = writing->target;
        bson_iter_t id, meta, fields;

        if (!bson_iter_init_find(&id, document, "_id"))
                return;

        for (size_t i = 0; i < n; i++) {
                if (!same_key(&writing->outcomes[first + i]->key, bson_iter_value(&id)))
                        continue;
                if (bson_iter_init_find(&meta, document, target->meta) && bson_iter_recurse(&meta, &fields))
                        found[i] = judge_meta(writing, first + i, &fields);
                return;
        }
}

/* {_id: {$in: [...]}} of the outcomes from index @first on. */
static void append_keys(bson_t *filter, const Writing *writing, size_t first, size_t n) {
        bson_t condition, keys;

        BSON_APPEND_DOCUMENT_BEGIN(filter, "_id", &condition);
        BSON_APPEND_ARRAY_BEGIN(&condition, "$in", &keys);
        for (size_t i = 0; i < n; i++) {
                char index[16];
                const char *key;

                bson_uint32_to_string((uint32_t)i, &key, index, sizeof(index));
                BSON_APPEND_VALUE(&keys, key, &writing->outcomes[first + i]->key);
        }
        bson_append_array_end(&condition, &keys);
        bson_append_document_end(filter, &condition);
}

static int look_slice(Writing *writing, size_t first, size_t n) {
        StoreResult found[LOOK_N];
        bson_t filter = BSON_INITIALIZER, *opts;
        const bson_t *document, *reply;
        mongoc_cursor_t *cursor;
        bson_error_t error;
        int r = 0;

        for (size_t i = 0; i < n; i++)
                found[i] = STORE_RESULT_GONE;

        append_keys(&filter, writing, first, n);
        opts = BCON_NEW("projection", "{", writing->target->meta, BCON_BOOL(true), "}");
        cursor = mongoc_collection_find_with_opts(writing->collection, &filter, opts, NULL);
        while (mongoc_cursor_next(cursor, &document))
                look_at(writing, first, n, document, found);
        if (mongoc_cursor_error_document(cursor, &error, &reply))
                r = mongo_error_fail(&error, reply, writing->failure);
        else
                memcpy(writing->results + first, found, n * sizeof(*found));

        mongoc_cursor_destroy(cursor);
        bson_destroy(opts);
        bson_destroy(&filter);
        return r;
}

static int write_all(Writing *writing) {
        _cleanup_free_ size_t *which = calloc(writing->n, sizeof(*which));
        size_t n_again;
        int r;

        if (!which)
                return -ENOMEM;

        for (size_t i = 0; i < writing->n; i++)
                which[i] = i;

        r = send_all(writing, which, writing->n);
        if (r)
                return r;

        n_again = writing->n_again;
        r = n_again > 0 ? send_all(writing, writing->again, n_again) : 0;
        if (r)
                return r;

        for (size_t i = 0; writing->matched < writing->expected && i < writing->n && !r; i += LOOK_N)
                r = look_slice(writing, i, writing->n - i < LOOK_N ? writing->n - i : LOOK_N);
        return r;
}

int mongo_write(Store *base, const StoreTarget *target, Outcome *const *outcomes, size_t n,
        StoreResult *ret_results, StoreFailure *failure) {
        _cleanup_(writing_deinit) Writing writing = {
                .target = target,
                .outcomes = outcomes,
                .n = n,
                .failure = failure,
        };
        MongoStore *store = (MongoStore *)base;
        mongoc_client_t *client;
        int r;

        r = writing_init(&writing);
        if (r)
                return error_trace(r);

        r = mongo_client_get(store, MONGO_WRITING, &client, failure);
        if (r)
                return r;

        writing.collection = mongo_collection(client, target->collection);
        if (writing.collection)
                r = write_all(&writing);
        else
                r = store_fail(
                        STORE_E_REFUSED, failure, 0, "\"%s\" is not DATABASE.COLLECTION", target->collection);

        mongo_collection_freep(&writing.collection);
        mongo_client_put(store, MONGO_WRITING, client, r);
        if (r)
                return error_trace(r);

        memcpy(ret_results, writing.results, n * sizeof(*ret_results));
        return 0;
}
