#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "common/alloc.h"
#include "common/error.h"
#include "common/json.h"
#include "daemon/job/flow.h"
#include "daemon/job/job_record.h"
#include "daemon/job/saver.h"
#include "daemon/job/services.h"
#include "daemon/measure/histogram.h"
#include "daemon/measure/meter.h"
#include "daemon/policy/failure_digest.h"
#include "daemon/policy/pacing.h"
#include "daemon/spec/job_spec.h"

/*
 * A job: what was asked for, its state, and the flow that does the work. Commands change the state at once;
 * the saver brings each change into the store. Thread: the loop's; nothing here blocks.
 */

typedef struct Actor Actor;
typedef struct Job Job;
typedef struct JobCount JobCount;

/* Who asked for something over the socket. */
struct Actor {
        uid_t uid;
        pid_t pid;
};

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
        Meter ended;            /* attempts */
        Meter outcomes;         /* documents */
        FailureDigest failures; /* not told the journal yet */
        uint64_t ended_saved;   /* record.stop.ended as of the last save */
        uint64_t total;         /* documents of this generation; valid if: */
        bool total_known;
        uint64_t attempts;   /* requests of this generation, once the flow is gone */
        uint64_t unanswered; /* of those: for documents that were left without an outcome */
        uint64_t window_max; /* of the flows that have ended since the daemon started */
        bool at_rest;        /* job_at_rest() held in the last turn */
        bool quiet;          /* job_quiet() did */
        bool forgotten;      /* deleted: gone from the list once nothing of it is under way */

        void (*changed)(
                Job *job, void *userdata); /* its state or settings changed, it came to rest or is quiet */
        void *userdata;
};

enum {
        _JOB_E_SUCCESS,

        JOB_E_CONFLICT, /* the command makes no sense as things stand; @error says why */
};

/*
 * A new job from a validated spec (taken over on success). It is in no store yet: job_record() is what to
 * save before its first turn. @services outlives it. Returns 0 or -ENOMEM.
 */
int job_new(const Services *services, JobSpec *spec, bool paused, Job **ret_job);

/*
 * A job from its stored record (read with job_record_from_bson(), taken over on success). Returns 0; -ENOMEM;
 * -EINVAL with @error filled where its spec is not understood.
 */
int job_restore(const Services *services, JobRecord *record, Job **ret_job, UserError *error);

/*
 * No flow or a quiet one, no save under way; or the workers have ended. Calls back whoever waits for a save.
 * Accepts NULL.
 */
Job *job_free(Job *job);
DEFINE_FREEP(Job, job);

/* The record as it should stand in the store now; the caller's to bson_destroy(). */
bson_t *job_record(Job *job);

/*
 * One turn of housekeeping: begins a generation that is not begun yet, reads on, notices that the job is
 * done, settled or at its limit. May call `changed`.
 */
void job_turn(Job *job);

/* Whether a request may start now: see dispatcher_check(). A job that is not running is LIMITED_BY_IDLE. */
LimitedBy job_check(Job *job, uint64_t now_us, uint64_t *ret_wait_us);

/* Starts the request that job_check() has just allowed. */
void job_start_request(Job *job, uint64_t now_us);

/*
 * Commands: they hold at once, and are saved in the background (saver_wait()). Each may call `changed`.
 * Returns 0; JOB_E_CONFLICT, or -EINVAL for wrong input, with @error filled and nothing changed; -ENOMEM.
 *
 * @by: who asked; NULL: the daemon itself.
 * @reason of job_pause(): why, as status shows it. @limit: as `set limit=`, or NULL. @settings: an object of
 * strings, all of which are taken, or none. job_retry(): the failed documents with that reason and that HTTP
 * status; NULL and 0 stand for all.
 */
int job_pause(Job *job, const char *reason, const Actor *by, UserError *error);
int job_resume(Job *job, const char *limit, const Actor *by, UserError *error);
int job_cancel(Job *job, const Actor *by, UserError *error);
int job_set(Job *job, const JsonValue *settings, const Actor *by, UserError *error);
int job_retry(Job *job, const char *reason, int status, const Actor *by, UserError *error);

/* Nothing in flight and nothing unstored. */
bool job_settled(const Job *job);

/*
 * It was cancelled before all that an earlier daemon has stored behind the watermark was counted: its totals are
 * too low, and grow while that is done.
 */
bool job_uncounted(const Job *job);

/*
 * What those wait for that follow a job: it is not running and settled, its totals are whole, and the store knows;
 * or would, if it answered and took it.
 */
bool job_at_rest(const Job *job);

/* No flow, saved, no call of the store under way but a count: it can be freed, or begin a generation. */
bool job_quiet(const Job *job);

/* The most requests that a crash would have repeated at any moment since the daemon started. */
uint64_t job_window_max(const Job *job);

/* Done or cancelled: nothing more will start, but for a retry. */
static inline bool job_ended(const Job *job) {
        return job_state_ended(job->record.state);
}
