/* What an error of MongoDB means here. */

#include "daemon/store/mongo_error.h"

#include <string.h>

#include "daemon/store/store_ops.h"

/* Source: the server's error_codes.yml; five digits are older than the names. */
static const struct {
        int32_t code;
        MongoVerdict verdict;
} codes[] = {
        { 2, MONGO_VERDICT_DOCUMENT },     /* BadValue */
        { 6, MONGO_VERDICT_AWAY },         /* HostUnreachable */
        { 7, MONGO_VERDICT_AWAY },         /* HostNotFound */
        { 9, MONGO_VERDICT_DOCUMENT },     /* FailedToParse */
        { 13, MONGO_VERDICT_REFUSED },     /* Unauthorized */
        { 14, MONGO_VERDICT_DOCUMENT },    /* TypeMismatch */
        { 15, MONGO_VERDICT_DOCUMENT },    /* Overflow: too many levels */
        { 18, MONGO_VERDICT_REFUSED },     /* AuthenticationFailed */
        { 20, MONGO_VERDICT_REFUSED },     /* IllegalOperation */
        { 22, MONGO_VERDICT_DOCUMENT },    /* InvalidBSON */
        { 24, MONGO_VERDICT_AWAY },        /* LockTimeout */
        { 26, MONGO_VERDICT_REFUSED },     /* NamespaceNotFound */
        { 28, MONGO_VERDICT_DOCUMENT },    /* PathNotViable */
        { 39, MONGO_VERDICT_REFUSED },     /* FileStreamFailed */
        { 43, MONGO_VERDICT_AWAY },        /* CursorNotFound: reading begins anew */
        { 46, MONGO_VERDICT_AWAY },        /* LockBusy */
        { 50, MONGO_VERDICT_AWAY },        /* MaxTimeMSExpired */
        { 52, MONGO_VERDICT_DOCUMENT },    /* DollarPrefixedFieldName */
        { 55, MONGO_VERDICT_DOCUMENT },    /* InvalidDBRef */
        { 56, MONGO_VERDICT_DOCUMENT },    /* EmptyFieldName */
        { 57, MONGO_VERDICT_DOCUMENT },    /* DottedFieldName */
        { 63, MONGO_VERDICT_AWAY },        /* StaleShardVersion */
        { 64, MONGO_VERDICT_AWAY },        /* WriteConcernFailed: not acknowledged in time */
        { 73, MONGO_VERDICT_REFUSED },     /* InvalidNamespace */
        { 89, MONGO_VERDICT_AWAY },        /* NetworkTimeout */
        { 91, MONGO_VERDICT_AWAY },        /* ShutdownInProgress */
        { 112, MONGO_VERDICT_AWAY },       /* WriteConflict */
        { 117, MONGO_VERDICT_AWAY },       /* ConflictingOperationInProgress */
        { 121, MONGO_VERDICT_DOCUMENT },   /* DocumentValidationFailure */
        { 133, MONGO_VERDICT_AWAY },       /* FailedToSatisfyReadPreference */
        { 134, MONGO_VERDICT_AWAY },       /* ReadConcernMajorityNotAvailableYet */
        { 150, MONGO_VERDICT_AWAY },       /* StaleEpoch */
        { 166, MONGO_VERDICT_REFUSED },    /* CommandNotSupportedOnView */
        { 171, MONGO_VERDICT_DOCUMENT },   /* CannotIndexParallelArrays */
        { 175, MONGO_VERDICT_AWAY },       /* QueryPlanKilled */
        { 189, MONGO_VERDICT_AWAY },       /* PrimarySteppedDown */
        { 202, MONGO_VERDICT_AWAY },       /* NetworkInterfaceExceededTimeLimit */
        { 237, MONGO_VERDICT_AWAY },       /* CursorKilled */
        { 262, MONGO_VERDICT_AWAY },       /* ExceededTimeLimit */
        { 317, MONGO_VERDICT_AWAY },       /* ConnectionPoolExpired */
        { 9001, MONGO_VERDICT_AWAY },      /* SocketException */
        { 10003, MONGO_VERDICT_REFUSED },  /* CannotGrowDocumentInCappedNamespace */
        { 10058, MONGO_VERDICT_AWAY },     /* LegacyNotPrimary */
        { 10107, MONGO_VERDICT_AWAY },     /* NotWritablePrimary */
        { 10334, MONGO_VERDICT_DOCUMENT }, /* BSONObjectTooLarge */
        { 11000, MONGO_VERDICT_DOCUMENT }, /* DuplicateKey, of an index over the answer */
        { 11600, MONGO_VERDICT_AWAY },     /* InterruptedAtShutdown */
        { 11601, MONGO_VERDICT_AWAY },     /* Interrupted */
        { 11602, MONGO_VERDICT_AWAY },     /* InterruptedDueToReplStateChange */
        { 13388, MONGO_VERDICT_AWAY },     /* StaleConfig */
        { 13435, MONGO_VERDICT_AWAY },     /* NotPrimaryNoSecondaryOk */
        { 13436, MONGO_VERDICT_AWAY },     /* NotPrimaryOrSecondary */
        { 14031, MONGO_VERDICT_REFUSED },  /* OutOfDiskSpace */
        { 17280, MONGO_VERDICT_DOCUMENT }, /* KeyTooLong */
        { 17419, MONGO_VERDICT_DOCUMENT }, /* the updated document is too large */
        { 17420, MONGO_VERDICT_DOCUMENT }, /* the inserted document is too large */
};

MongoVerdict mongo_error_verdict(int32_t code) {
        for (size_t i = 0; i < ELEMENTSOF(codes); i++)
                if (codes[i].code == code)
                        return codes[i].verdict;

        return MONGO_VERDICT_UNKNOWN;
}

bool mongo_error_is_duplicate(int32_t code) {
        return code == 11000 || code == 11001 || code == 12582;
}

bool mongo_error_is_time_limit(int32_t code) {
        return code == 50 || code == 262;
}

bool mongo_error_is_answer(const bson_error_t *error) {
        return error->domain == MONGOC_ERROR_SERVER || error->domain == MONGOC_ERROR_WRITE_CONCERN;
}

static bool first_of(bson_iter_t *iter, const bson_t *reply, const char *list, uint32_t *ret_index,
        bson_error_t *ret_error) {
        bson_iter_t array;

        return bson_iter_init_find(&array, reply, list) && bson_iter_recurse(&array, iter) &&
               mongo_error_next(iter, ret_index, ret_error);
}

bool mongo_error_first(bson_iter_t *iter, const bson_t *reply, uint32_t *ret_index, bson_error_t *ret_error) {
        return first_of(iter, reply, "writeErrors", ret_index, ret_error);
}

bool mongo_error_next(bson_iter_t *iter, uint32_t *ret_index, bson_error_t *ret_error) {
        bson_error_t error = { .domain = MONGOC_ERROR_SERVER };
        uint32_t index = 0;
        bson_iter_t field;

        if (!bson_iter_next(iter) || !bson_iter_recurse(iter, &field))
                return false;

        while (bson_iter_next(&field)) {
                const char *key = bson_iter_key(&field);

                if (strcmp(key, "index") == 0)
                        index = (uint32_t)bson_iter_as_int64(&field);
                else if (strcmp(key, "code") == 0)
                        error.code = (uint32_t)bson_iter_as_int64(&field);
                else if (strcmp(key, "errmsg") == 0 && BSON_ITER_HOLDS_UTF8(&field))
                        bson_strncpy(error.message, bson_iter_utf8(&field, NULL), sizeof(error.message));
        }

        *ret_index = index;
        *ret_error = error;
        return true;
}

int mongo_error_of_concern(const bson_t *reply, StoreFailure *failure) {
        bson_error_t error;
        bson_iter_t iter;
        uint32_t index;

        if (!first_of(&iter, reply, "writeConcernErrors", &index, &error))
                return 0;

        return mongo_error_fail(&error, reply, failure);
}

/* The library's own complaints, from the way to the server and back. */
static bool is_away(const bson_error_t *error) {
        switch (error->domain) {
        case MONGOC_ERROR_STREAM:
        case MONGOC_ERROR_SERVER_SELECTION:
        case MONGOC_ERROR_POOL:
                return true;
        case MONGOC_ERROR_PROTOCOL:
                return error->code != MONGOC_ERROR_PROTOCOL_BAD_WIRE_VERSION;
        case MONGOC_ERROR_CLIENT:
                return error->code != MONGOC_ERROR_CLIENT_AUTHENTICATE;
        default:
                return false;
        }
}

int mongo_error_fail(const bson_error_t *error, const bson_t *reply, StoreFailure *failure) {
        bool away;

        if (mongo_error_is_answer(error))
                away = mongo_error_verdict((int32_t)error->code) == MONGO_VERDICT_AWAY ||
                       (reply && mongoc_error_has_label(reply, "RetryableWriteError"));
        else
                away = is_away(error);

        return store_fail(
                away ? STORE_E_AWAY : STORE_E_REFUSED, failure, (int)error->code, "%s", error->message);
}
