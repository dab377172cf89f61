#pragma once

#include <bson/bson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/option.h"
#include "daemon/spec/reason.h"

/*
 * Whether a job has failed so often that it had better pause before it burns the rest (stop.failures), with the
 * latest failures as examples. Counted is what got its outcome since the job was resumed last: whoever resumes
 * it has seen the failures before.
 *
 * A share says little of a few documents, so it is judged once FAILURE_STOP_SHARE_OF have ended. Pure values;
 * it starts zeroed, nothing fails. Thread: the loop's.
 */

#define FAILURE_STOP_SHARE_OF 100
#define FAILURE_STOP_EXAMPLES 5
#define FAILURE_STOP_ID_BYTES_MAX 1024 /* of an _id that is kept as an example; longer ones are not */

typedef struct StopExample StopExample;
typedef struct FailureStop FailureStop;

struct StopExample {
        bson_value_t id; /* owned; BSON_TYPE_EOD: none */
        FailureReason reason;
        int status; /* 0: none */
};

struct FailureStop {
        uint64_t ended;  /* documents */
        uint64_t failed; /* of those */
        StopExample examples[FAILURE_STOP_EXAMPLES];
        size_t n_examples;
        size_t next_example; /* the place of the next one, which is that of the oldest once all are used */
};

void failure_stop_add_ok(FailureStop *stop);

/* @id: copied. */
void failure_stop_add_failed(FailureStop *stop, const bson_value_t *id, FailureReason reason, int status);

/* Whether @limit, which may be none, is reached. */
bool failure_stop_due(const FailureStop *stop, const CountOrShare *limit);

/* Frees what it holds, and leaves it zeroed: the job goes on. */
void failure_stop_reset(FailureStop *stop);

/* As a document {ended, failed, examples: [{_id, reason, status}]}, and back; what is unreadable is left out. */
void failure_stop_append(const FailureStop *stop, bson_t *document);
void failure_stop_read(FailureStop *stop, const bson_t *document);
