#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "common/alloc.h"
#include "common/error.h"
#include "common/json.h"
#include "daemon/job/flow.h"
#include "daemon/job/job_record.h"
#include "daemon/job/saver.h"
#include "daemon/job/services.h"
#include "daemon/measure/histogram.h"
#include "daemon/measure/meter.h"
#include "daemon/policy/pacing.h"
#include "daemon/spec/job_spec.h"

/*
 * A job: what was asked for, its state, and the flow that does the work. Commands change the state at once; the
 * saver brings each change into the store. Thread: the loop's.
 */

typedef struct Job Job;
typedef struct JobCount JobCount;

struct Job {
        TAILQ_ENTRY(Job) entry; /* the registry's */
        const Services *services;
        JobRecord record; /* watermark and tally in it are those of the last save */
        JobSpec *spec;    /* in effect: as submitted and as changed since */
        Saver saver;
        Flow *flow;      /* NULL: nothing was begun since the daemon started, or everything has ended */
        JobCount *count; /* under way, or NULL */

        Pacing pacing;
        LimitedBy limited_by;
        Histogram latency;
        Meter ended;    /* attempts */
        Meter outcomes; /* documents */
        uint64_t total; /* documents of this generation; valid if: */
        bool total_known;
        uint64_t attempts;   /* requests of this generation, once the flow is gone */
        uint64_t window_max; /* of the flows that have ended since the daemon started */
        bool at_rest;        /* job_at_rest() held in the last turn */
        bool forgotten;      /* deleted: gone from the list once nothing of it is under way */

        void (*changed)(Job *job, void *userdata); /* its state or settings changed, or it came to rest */
        void *userdata;
};

enum {
        _JOB_E_SUCCESS,

        JOB_E_CONFLICT, /* the command makes no sense as things stand; @error says why */
};

/* A new job from a validated spec (taken over on success). It is in no store yet: job_record() is what to save before its first turn. */
int job_new(const Services *services, JobSpec *spec, bool paused, Job **ret_job);

/* A job from its stored record (read with job_record_from_bson(), taken over on success). -EINVAL: its spec is not understood. */
int job_restore(const Services *services, JobRecord *record, Job **ret_job, UserError *error);

/* job_quiet() holds, or the workers have ended. Whoever waits for a save is told. Accepts NULL. */
Job *job_free(Job *job);
DEFINE_FREEP(Job, job);

/* The record as it should stand in the store now; to be freed. */
bson_t *job_record(Job *job);

/* One turn of housekeeping: begins a generation that is not begun yet, reads on, notices that the job is done, settled or at its limit. */
void job_turn(Job *job);

/* Whether a request may start now; see dispatcher_check(). A job that is not running says LIMITED_BY_IDLE. */
LimitedBy job_check(Job *job, uint64_t now_us, uint64_t *ret_wait_us);

/* Starts the request that job_check() has just allowed. */
void job_start_request(Job *job, uint64_t now_us);

/* Commands. They hold at once; 0, JOB_E_CONFLICT with @error, -EINVAL with @error for wrong input (nothing is changed then). */
int job_pause(Job *job, const char *reason, UserError *error);
int job_resume(Job *job, const char *limit, UserError *error); /* @limit: as `set limit=`, or NULL */
int job_cancel(Job *job, UserError *error);
int job_set(Job *job, const JsonValue *settings,
        UserError *error); /* an object of strings: all of them, or none */
int job_retry(
        Job *job, const char *reason, int status, UserError *error); /* NULL and 0: all failed documents */

/* Nothing in flight and nothing unstored. */
bool job_settled(const Job *job);

/* Not running and settled, and the store knows; or would, if it answered and took it: what those wait for that follow a job. */
bool job_at_rest(const Job *job);

/* No flow, saved, and no call of the store is under way, but for a count: it may be freed, or begin a new generation. */
bool job_quiet(const Job *job);

/* The most requests that a crash would have repeated at any moment since the daemon started. */
uint64_t job_window_max(const Job *job);

static inline bool job_ended(const Job *job) {
        return job_state_ended(job->record.state);
}
