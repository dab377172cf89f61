#pragma once

#include "common/event.h"
#include "daemon/job/job.h"

/* What the files of a job share; nobody else includes this. Thread: the loop's; nothing here blocks. */

#define JOB_TOO_MANY_FAILURES "too many failures" /* the reason of a pause, see failure_stop.h */

/*
 * Changes the state, tells the journal by @event, saves it in the background, and calls `changed`. @reason is
 * copied, or NULL. @by: who asked for it, or NULL.
 */
void job_set_state(Job *job, EventId event, JobState state, const char *reason, const Actor *by);

/* Lets the spec's concurrency and rate hold from now on. */
void job_apply_pace(Job *job);

/* Finds out the generation's total in the background, if the store tells; an earlier count is forgotten. */
void job_count_begin(Job *job, const FlowOptions *options);

/* Nobody waits for the count any more; nothing where none is under way. */
void job_count_forget(Job *job);

/*
 * The spec in effect, as submitted and as changed since; the caller's. 0; -EINVAL with @error filled;
 * -ENOMEM.
 */
int job_spec_of_record(const JobRecord *record, JobSpec **ret_spec, UserError *error);
