#pragma once

#include <bson/bson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/alloc.h"
#include "common/option.h"
#include "daemon/measure/tally.h"
#include "daemon/policy/failure_stop.h"

/*
 * What the store keeps of a job, so that a restarted daemon goes on where it was: what was asked for, the
 * state that is wanted, and the watermark with the totals of everything at or before it. Pure values: any
 * thread, one at a time for each record.
 */

typedef struct JobRecord JobRecord;

typedef enum JobState {
        JOB_RUNNING,
        JOB_PAUSED,
        JOB_DONE,
        JOB_CANCELLED,
        _JOB_STATE_N,
} JobState;

struct JobRecord {
        bson_oid_t id;
        char *name;
        char *spec;         /* the job file as submitted, canonical (job_spec_text()) */
        StringList changed; /* map: what `reqctl set` changed since, key -> value */
        JobState state;
        char *reason;       /* of the state, or NULL */
        int32_t generation; /* from 1 */
        bson_t *retry;      /* which failed documents this generation takes, or NULL: all */
        int64_t created_ms; /* wall times; 0: not yet */
        int64_t started_ms;
        int64_t ended_ms;
        uint64_t started_before; /* documents begun in earlier generations */
        bool begun; /* this generation may have outcomes in the store; not stored: true of every stored one */
        bson_value_t watermark; /* BSON_TYPE_EOD: none */
        FailureStop stop;       /* since it was resumed last; settled by its flow where the daemon died */
        Tally tally;    /* of everything at or before it; of the whole generation once ended, unless: */
        bool unsettled; /* it has ended, and what lies behind the watermark is not counted yet */
};

/* "running"; static. */
const char *job_state_name(JobState state);

static inline bool job_state_ended(JobState state) {
        return state == JOB_DONE || state == JOB_CANCELLED;
}

/* The stored form, the caller's to bson_destroy(). @collection is written in it for people who look. */
bson_t *job_record_to_bson(const JobRecord *record, const char *collection);

/* Reads the stored form. 0; -EINVAL if it is none; -ENOMEM. The caller owns what @ret_record holds. */
int job_record_from_bson(const bson_t *bson, JobRecord *ret_record);

/* Frees what it holds, and leaves it zeroed. */
void job_record_deinit(JobRecord *record);
