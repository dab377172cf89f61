#pragma once

#include <bson/bson.h>

/*
 * The Idempotency-Key of a document's request: by it a server can tell that a POST or PATCH is the one that it
 * has carried out already (draft-ietf-httpapi-idempotency-key-header). It depends on the job, its generation
 * and the document's _id alone, so all attempts have the same, also those after a crash; a retry's generation
 * is a new wish and has another. Pure, any thread.
 *
 * It is the SHA-256 of those three as a BSON document {job, gen, _id}, in 64 hexadecimal digits: an _id can be
 * long or anything else, and servers bound the key's length; no two documents share one in practice.
 */

#define IDEMPOTENCY_KEY_SIZE (2 + 64 + 1)

/* Writes it as it stands in the header, a string in quotes (RFC 9651, section 3.3.3). Returns @text. */
char *idempotency_key_write(
        const bson_oid_t *job, int32_t generation, const bson_value_t *id, char text[IDEMPOTENCY_KEY_SIZE]);
