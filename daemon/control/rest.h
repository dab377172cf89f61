#pragma once

#include "daemon/control/call.h"

/*
 * Calls that need a job at rest. A job that has just ended is so a moment later: its reader leaves the store,
 * and its record is saved once more; so that `reqctl wait JOB && reqctl retry JOB` works, such a call waits.
 * Thread: the loop's; nothing here blocks.
 */

/*
 * Calls @then with the job that the call names, perhaps at once: when it is unfinished or quiet, or after a
 * second. Ends the call where there is no such job.
 */
void rest_wait(Call *call, void (*then)(Call *call, Job *job));

/* A job has changed, or come to rest: whoever waits for that is woken. */
void rest_changed(Control *control, const Job *job);
