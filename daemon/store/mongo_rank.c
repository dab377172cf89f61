/* The brackets in which MongoDB orders _ids. */

#include "daemon/store/mongo_rank.h"

#include <math.h>

#include "common/alloc.h"

#define TYPES_MAX 4
#define DECIMAL128_NAN UINT64_C(0x7c00000000000000)

/* The types of each rank by the numbers that $type takes, ended by 0. NaN has a number's type. */
static const struct {
        int types[TYPES_MAX + 1];
        bool single; /* there is one value only */
} ranks[_MONGO_RANK_N] = {
        [MONGO_RANK_MIN_KEY] = { { -1 }, .single = true },
        [MONGO_RANK_NULL] = { { BSON_TYPE_NULL }, .single = true },
        [MONGO_RANK_NAN] = { .single = true },
        [MONGO_RANK_NUMBER] = { { BSON_TYPE_DOUBLE, BSON_TYPE_INT32, BSON_TYPE_INT64,
                BSON_TYPE_DECIMAL128 } },
        [MONGO_RANK_STRING] = { { BSON_TYPE_UTF8 } },
        [MONGO_RANK_OBJECT] = { { BSON_TYPE_DOCUMENT } },
        [MONGO_RANK_BINARY] = { { BSON_TYPE_BINARY } },
        [MONGO_RANK_OBJECT_ID] = { { BSON_TYPE_OID } },
        [MONGO_RANK_BOOL] = { { BSON_TYPE_BOOL } },
        [MONGO_RANK_DATE] = { { BSON_TYPE_DATE_TIME } },
        [MONGO_RANK_TIMESTAMP] = { { BSON_TYPE_TIMESTAMP } },
        [MONGO_RANK_MAX_KEY] = { { BSON_TYPE_MAXKEY }, .single = true },
        [MONGO_RANK_SYMBOL] = { { BSON_TYPE_SYMBOL } },
        [MONGO_RANK_DB_POINTER] = { { BSON_TYPE_DBPOINTER } },
        [MONGO_RANK_CODE] = { { BSON_TYPE_CODE } },
        [MONGO_RANK_CODE_WITH_SCOPE] = { { BSON_TYPE_CODEWSCOPE } },
};

static bool is_nan(const bson_value_t *id) {
        if (id->value_type == BSON_TYPE_DOUBLE)
                return isnan(id->value.v_double);

        return id->value_type == BSON_TYPE_DECIMAL128 &&
               (id->value.v_decimal128.high & DECIMAL128_NAN) == DECIMAL128_NAN;
}

MongoRank mongo_rank_of(const bson_value_t *id) {
        int type = id->value_type == BSON_TYPE_MINKEY ? -1 : (int)id->value_type;

        if (is_nan(id))
                return MONGO_RANK_NAN;

        for (MongoRank rank = MONGO_RANK_NONE + 1; rank < _MONGO_RANK_N; rank++)
                for (const int *types = ranks[rank].types; *types; types++)
                        if (*types == type)
                                return rank;

        return MONGO_RANK_NONE;
}

/* `$type: [...]` of the ranks from @first to before @end. */
static void append_types(bson_t *filter, MongoRank first, MongoRank end) {
        uint32_t n = 0;
        bson_t types;

        BSON_APPEND_ARRAY_BEGIN(filter, "$type", &types);
        for (MongoRank rank = first; rank < end; rank++)
                for (const int *type = ranks[rank].types; *type; type++) {
                        char index[16];
                        const char *key;

                        bson_uint32_to_string(n++, &key, index, sizeof(index));
                        BSON_APPEND_INT32(&types, key, *type);
                }
        bson_append_array_end(filter, &types);
}

bool mongo_rank_append_behind(bson_t *filter, MongoRank rank, const bson_value_t *after) {
        bson_t range;

        if (after && mongo_rank_of(after) != rank)
                after = NULL;
        if (after && ranks[rank].single)
                return false;

        if (rank == MONGO_RANK_NAN)
                return BSON_APPEND_DOUBLE(filter, "_id", (double)NAN);

        BSON_APPEND_DOCUMENT_BEGIN(filter, "_id", &range);
        append_types(&range, rank, rank + 1);
        if (after)
                BSON_APPEND_VALUE(&range, "$gt", after);
        else if (rank == MONGO_RANK_NUMBER)
                BSON_APPEND_DOUBLE(&range, "$gte", -(double)INFINITY); /* all but NaN */
        return bson_append_document_end(filter, &range);
}

bool mongo_rank_append_later(bson_t *filter, MongoRank rank) {
        MongoRank end = rank < MONGO_RANK_MAX_KEY ? MONGO_RANK_MAX_KEY + 1 : _MONGO_RANK_N;
        bson_t range;

        if (rank + 1 >= end)
                return false;

        BSON_APPEND_DOCUMENT_BEGIN(filter, "_id", &range);
        append_types(&range, rank + 1, end);
        return bson_append_document_end(filter, &range);
}
