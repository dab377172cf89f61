#pragma once

#include "common/json.h"
#include "daemon/job/job.h"

/* Writes the members of org.reqd's type JobStatus into an object that is open. Thread: the loop's. */
void job_status_write(Job *job, JsonWriter *writer);
