#pragma once

#include <sys/types.h>

#include "common/event.h"
#include "daemon/job/job.h"

/*
 * What a job tells the journal, with JOB=, JOB_ID=, STATE= and the counts as fields. Thread: the loop's;
 * nothing here blocks or fails.
 */

/* Its state is now that of @event. @by: who asked for it; NULL: the job itself. */
void job_event_state(const Job *job, EventId event, const Actor *by);

/* @settings: what was set, KEY=VALUE with blanks between. */
void job_event_changed(const Job *job, const char *settings, const Actor *by);

/* A generation begins; @resumed: goes on. */
void job_event_begun(const Job *job, bool resumed);

/* The store refuses what the job writes (EVENT_STORE_REFUSES), or its record (EVENT_JOB_RECORD_REFUSED). */
void job_event_refused(const Job *job, EventId event, const StoreFailure *failure);

/* It has ended with @n answers that the store refuses. */
void job_event_lost(const Job *job, size_t n);

/* Sums up the job's failures, if there are any and it is time. */
void job_event_failures(Job *job, uint64_t now_us);
