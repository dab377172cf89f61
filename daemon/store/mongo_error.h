#pragma once

#include <mongoc/mongoc.h>

#include "daemon/store/store.h"

/*
 * What an error of MongoDB means here: is the server away, does it refuse, or does it only not want this
 * one document? Pure, any thread.
 */

typedef enum MongoVerdict {
        MONGO_VERDICT_UNKNOWN,
        MONGO_VERDICT_AWAY,     /* passes: no primary, interrupted, a time limit */
        MONGO_VERDICT_REFUSED,  /* concerns the collection or all of it: rights, disk */
        MONGO_VERDICT_DOCUMENT, /* concerns the content of one document */
} MongoVerdict;

/* @code: a server's error code. */
MongoVerdict mongo_error_verdict(int32_t code);

/* A server's code for an _id that is taken. */
bool mongo_error_is_duplicate(int32_t code);

/* A server's code for a question that took longer than it was given. */
bool mongo_error_is_time_limit(int32_t code);

/* Whether the server (and not the way to it) answered with an error. */
bool mongo_error_is_answer(const bson_error_t *error);

/*
 * Gives the first error of a single operation in the @reply of a bulk, mongo_error_next() those after it:
 * the operation's index in the bulk, and the error as if the server had answered a command with it.
 */
bool mongo_error_first(bson_iter_t *iter, const bson_t *reply, uint32_t *ret_index, bson_error_t *ret_error);
bool mongo_error_next(bson_iter_t *iter, uint32_t *ret_index, bson_error_t *ret_error);

/*
 * Looks for an error of the write concern in the @reply of a bulk: what was written may be undone.
 * Returns 0, or STORE_E_AWAY or STORE_E_REFUSED with @failure filled.
 */
int mongo_error_of_concern(const bson_t *reply, StoreFailure *failure);

/*
 * Fills @failure, which may be NULL. @reply: what came with the error, or NULL.
 * Returns STORE_E_AWAY or STORE_E_REFUSED.
 */
int mongo_error_fail(const bson_error_t *error, const bson_t *reply, StoreFailure *failure);
