#pragma once

#include "daemon/job/job.h"

/* What the files of a job share; nobody else includes this. Thread: the loop's. */

/* Changes the state, logs and saves it, and tells whoever listens. @reason is copied, or NULL. */
void job_set_state(Job *job, JobState state, const char *reason);

/* Lets the spec's concurrency and rate hold from now on. */
void job_apply_pace(Job *job);

/* Finds out the generation's total in the background; what was being counted before is forgotten. */
void job_count_begin(Job *job, const FlowOptions *options);

/* Nobody waits for the count any more; nothing where none is under way. */
void job_count_forget(Job *job);

/* The spec in effect: as submitted and as changed since. 0; -EINVAL with @error filled; -ENOMEM. */
int job_spec_of_record(const JobRecord *record, JobSpec **ret_spec, UserError *error);
