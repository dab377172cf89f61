#pragma once

#include <bson/bson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/alloc.h"
#include "daemon/spec/reason.h"

/*
 * What is stored for a document once it is terminal: built on the loop when the last attempt has been
 * judged, handed to a worker inside a bulk, freed on the loop once the bulk is acknowledged.
 * One thread at a time holds it; it points to nothing of the job.
 */

typedef struct Outcome Outcome;
typedef struct OutcomeTiming OutcomeTiming;

typedef enum OutcomeState {
        OUTCOME_OK,
        OUTCOME_FAILED,
} OutcomeState;

/* In which form the parsed body is kept. */
typedef enum OutcomeValue {
        OUTCOME_VALUE_NONE, /* failed: nothing goes into the result field */
        OUTCOME_VALUE_NULL, /* 204 and 205 */
        OUTCOME_VALUE_JSON, /* `value` is valid JSON text that BSON can hold */
        OUTCOME_VALUE_TEXT, /* `value` is UTF-8 text: `parse: text`, or JSON that BSON cannot hold (`raw`) */
} OutcomeValue;

struct OutcomeTiming {
        uint64_t dns_us; /* each phase by itself, not cumulative */
        uint64_t connect_us;
        uint64_t tls_us;
        uint64_t wait_us; /* from the request sent to the first byte of the answer */
        uint64_t total_us;
};

struct Outcome {
        bson_value_t key; /* the document's _id */
        OutcomeState state;
        FailureReason reason;
        int status; /* 0: no status line came */
        uint32_t attempts;
        int64_t at_ms;        /* wall time */
        OutcomeTiming timing; /* of the last attempt */
        uint64_t bytes;       /* of the body, decoded */
        uint32_t n;           /* requests in flight when it was sent */
        bool raw;
        char *error; /* NUL-terminated, or NULL */

        OutcomeValue value_form;
        char *value; /* owned; not NUL-terminated */
        size_t value_len;
        bson_t *value_bson; /* OUTCOME_VALUE_JSON where the store wants BSON: {"": <the value>}; else NULL */

        char *body; /* failed: at most OUTCOME_BODY_MAX bytes, owned, as they came; NULL if none */
        size_t body_len;
};

#define OUTCOME_BODY_MAX 4096

/* "ok" or "failed", as stored. Static. */
const char *outcome_state_name(OutcomeState state);

/* A zeroed outcome; NULL without memory. */
Outcome *outcome_new(void);
Outcome *outcome_free(Outcome *outcome);
DEFINE_FREEP(Outcome, outcome);

/* Bytes that it takes in a bulk, roughly; to bound bulks and memory. */
size_t outcome_size(const Outcome *outcome);

/*
 * What is stored in place of an answer that the store would not take: failed, `store_refused`, without
 * value and body. It borrows the rest from @outcome and is not to be freed.
 */
Outcome outcome_refused(const Outcome *outcome);

/*
 * The stored form of everything but the value, in CONTRACT order:
 * {id, job, gen, state, reason, status, attempts, at, ms, bytes, n, raw, error, body}; keys that say
 * nothing (reason of an ok, raw: false, no body) are left out. Appends to @meta.
 * Any thread. Returns false if it does not fit a BSON document.
 */
bool outcome_append_meta(const Outcome *outcome, const bson_oid_t *job, const char *job_name,
        int32_t generation, bson_t *meta);
