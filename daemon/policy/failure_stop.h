#pragma once

#include <bson/bson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/option.h"
#include "daemon/spec/reason.h"

/*
 * Whether a job has failed so often that it had better pause before it burns the rest (stop.failures), with the
 * latest failures as examples. Counted is what got its outcome since the job was resumed last: whoever resumes
 * it has seen the failures before. What an earlier daemon has stored since then, and not saved that it did, is added
 * once it is known; before that nothing is judged.
 *
 * A share says little of a few documents, so it is judged once FAILURE_STOP_SHARE_OF have ended. Pure values;
 * it starts zeroed, nothing fails. Thread: the loop's.
 */

#define FAILURE_STOP_SHARE_OF 100
#define FAILURE_STOP_EXAMPLES 5
#define FAILURE_STOP_ID_BYTES_MAX 1024 /* of an _id that is kept as an example; longer ones are not */

typedef struct StopExample StopExample;
typedef struct StopCount StopCount;
typedef struct FailureStop FailureStop;

struct StopExample {
        bson_value_t id; /* owned; BSON_TYPE_EOD: none */
        FailureReason reason;
        int status; /* 0: none */
};

struct StopCount {
        uint64_t ended;  /* documents */
        uint64_t failed; /* of those */
};

struct FailureStop {
        uint64_t ended;     /* documents */
        uint64_t failed;    /* of those */
        StopCount before;   /* those of the generation that ended before; not saved if: */
        bool adrift;        /* it lacks what was found at the beginning, as that was not known then */
        StopCount at_begin; /* `ended` and `failed` as this daemon began */
        bool settled;       /* what an earlier daemon has stored is counted */
        StopExample examples[FAILURE_STOP_EXAMPLES];
        size_t n_examples;
        size_t next_example; /* the place of the next one, which is that of the oldest once all are used */
};

void failure_stop_add_ok(FailureStop *stop);

/* @id: copied. */
void failure_stop_add_failed(FailureStop *stop, const bson_value_t *id, FailureReason reason, int status);

/* A daemon begins with the generation. @resumed: an earlier one has begun it, failure_stop_settle() will follow. */
void failure_stop_begin(FailureStop *stop, bool resumed);

/*
 * As this daemon began, so many documents of the generation had ended, and so many of those failed, by what the store
 * holds.
 */
void failure_stop_settle(FailureStop *stop, uint64_t ended, uint64_t failed);

/* Somebody has resumed the job: counts anew. */
void failure_stop_resume(FailureStop *stop);

/* Whether @limit, which may be none, is reached, as far as can be judged. */
bool failure_stop_due(const FailureStop *stop, const CountOrShare *limit);

/* Frees what it holds, and leaves it zeroed. */
void failure_stop_reset(FailureStop *stop);

/* Nothing has ended, as far as is known: there is nothing to store. */
bool failure_stop_is_new(const FailureStop *stop);

/*
 * As a document {ended, failed, before: {ended, failed}, examples: [{_id, reason, status}]}, and back; what is
 * unreadable is left out.
 */
void failure_stop_append(const FailureStop *stop, bson_t *document);
void failure_stop_read(FailureStop *stop, const bson_t *document);
