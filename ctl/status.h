#pragma once

#include "common/json.h"
#include "ctl/output.h"

/*
 * What `reqctl status` shows. Each returns 0 or a negative code. Any thread, one at a time for each Output.
 */

/* The reply of GetStatus: a line about the daemon and a table of its jobs. */
int status_print_all(const Output *output, const JsonValue *parameters);

/* The reply of GetJob: a block with everything about one job. */
int status_print_job(const Output *output, const JsonValue *parameters);
