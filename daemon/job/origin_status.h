#pragma once

#include "common/json.h"
#include "daemon/job/job.h"

/* The origins that a job waits for, as status shows them. Thread: the loop's. */

#define ORIGIN_STATUS_MAX 10 /* that are shown; a job may have thousands */

/* Writes the member `origins` into the object that is open. */
void origin_status_write(const Job *job, JsonWriter *writer);
