/* The Idempotency-Key of a document's request. */

#include "daemon/http/idempotency_key.h"

#include <openssl/sha.h>
#include <stdio.h>

char *idempotency_key_write(
        const bson_oid_t *job, int32_t generation, const bson_value_t *id, char text[IDEMPOTENCY_KEY_SIZE]) {
        unsigned char digest[SHA256_DIGEST_LENGTH];
        bson_t all = BSON_INITIALIZER;

        bson_append_oid(&all, "job", -1, job);
        bson_append_int32(&all, "gen", -1, generation);
        bson_append_value(&all, "_id", -1, id);
        SHA256(bson_get_data(&all), all.len, digest);
        bson_destroy(&all);

        text[0] = '"';
        for (size_t i = 0; i < sizeof(digest); i++)
                snprintf(text + 1 + 2 * i, 3, "%02x", digest[i]);
        text[IDEMPOTENCY_KEY_SIZE - 2] = '"';
        text[IDEMPOTENCY_KEY_SIZE - 1] = '\0';
        return text;
}
