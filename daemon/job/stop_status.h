#pragma once

#include "common/json.h"
#include "daemon/job/job.h"

/* Why a job has paused itself for its failures, as status shows it. Thread: the loop's. */

#define STOP_DETAIL_SIZE 160

/* "12 of 100 documents failed ..."; "" where the job has not paused for that. Returns @text. */
char *stop_status_detail(const Job *job, char text[STOP_DETAIL_SIZE]);

/* Writes the member `examples` into the object that is open. */
void stop_status_write(const Job *job, JsonWriter *writer);
