#pragma once

#include <bson/bson.h>
#include <stdbool.h>

/*
 * The brackets in which MongoDB orders _ids: a comparison such as $gt never leaves its own, so reading
 * walks them one after the other. Pure, any thread.
 *
 * NaN stands beside the numbers here: servers disagree on where it sorts among them, and `$gt: NaN`
 * matches nothing. What BSON has deprecated comes last, since not every server can be asked for it.
 * Arrays, regular expressions and undefined are no _ids.
 * Source: MongoDB manual, "Comparison/Sort Order".
 */

typedef enum MongoRank {
        MONGO_RANK_NONE, /* before all */
        MONGO_RANK_MIN_KEY,
        MONGO_RANK_NULL,
        MONGO_RANK_NAN,
        MONGO_RANK_NUMBER,
        MONGO_RANK_STRING,
        MONGO_RANK_OBJECT,
        MONGO_RANK_BINARY,
        MONGO_RANK_OBJECT_ID,
        MONGO_RANK_BOOL,
        MONGO_RANK_DATE,
        MONGO_RANK_TIMESTAMP,
        MONGO_RANK_MAX_KEY,
        MONGO_RANK_SYMBOL,
        MONGO_RANK_DB_POINTER,
        MONGO_RANK_CODE,
        MONGO_RANK_CODE_WITH_SCOPE,
        _MONGO_RANK_N,
} MongoRank;

/* MONGO_RANK_NONE for what is no _id. */
MongoRank mongo_rank_of(const bson_value_t *id);

/*
 * Appends `_id: {...}` to @filter: the _ids of @rank behind @after, or all of them where @after is NULL
 * or of another rank. Returns false, with nothing appended, where there cannot be any.
 */
bool mongo_rank_append_behind(bson_t *filter, MongoRank rank, const bson_value_t *after);

/*
 * Appends `_id: {...}` to @filter: the _ids of every rank behind @rank, up to MONGO_RANK_MAX_KEY; behind
 * that, those of the deprecated types. Returns false, with nothing appended, where there is none.
 */
bool mongo_rank_append_later(bson_t *filter, MongoRank rank);
