#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/json.h"
#include "daemon/job/job.h"

typedef struct JobProgress JobProgress;

/* How far a job is, for who wants it in a few words. */
struct JobProgress {
        uint64_t done;  /* documents that have their outcome */
        uint64_t total; /* of this generation; valid if: */
        bool total_known;
        double rate;  /* requests a second, lately */
        double eta_s; /* seconds until it is done; below 0: nobody knows */
};

void job_progress(Job *job, JobProgress *ret_progress);

/*
 * Writes the members of org.reqd's type JobStatus into an object that is open: times RFC 3339, latencies in
 * milliseconds, durations in seconds. Errors are the writer's. Thread: the loop's.
 */
void job_status_write(Job *job, JsonWriter *writer);
