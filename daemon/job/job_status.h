#pragma once

#include "common/json.h"
#include "daemon/job/job.h"

/*
 * Writes the members of org.reqd's type JobStatus into an object that is open: times RFC 3339, latencies in
 * milliseconds, durations in seconds. Errors are the writer's. Thread: the loop's.
 */
void job_status_write(Job *job, JsonWriter *writer);
