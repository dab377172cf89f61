#pragma once

#include <bson/bson.h>
#include <stdbool.h>

#include "daemon/store/store.h"

/*
 * The filters and projections of reqd's questions to MongoDB, appended to what the caller owns. Pure, any
 * thread.
 */

/* Appends what @query selects, without a place to begin at, to the empty @filter. */
void mongo_query_append_filter(bson_t *filter, const StoreQuery *query);

/* Whether rows are to be marked that have their outcome. */
bool mongo_query_tells_answers(const StoreQuery *query);

/*
 * Appends the projection of @query to the empty @projection; where answers are told that includes what the row
 * says of its outcome. Nothing is appended where whole documents are wanted.
 */
void mongo_query_append_projection(bson_t *projection, const StoreQuery *query);

/* Whether the projection has the meta field only for the row's sake, so that the document must lose it. */
bool mongo_query_hides_meta(const StoreQuery *query);

/* Appends {_id: @key}, and for a failed outcome what must not stand there, to the empty @filter. */
void mongo_query_append_place(
        bson_t *filter, const StoreTarget *target, const bson_value_t *key, bool failed);
