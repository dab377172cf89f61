#pragma once

#include "ctl/output.h"

/* `reqctl errors JOB`: a job's failures in groups, with examples and what to do. Returns 0 or a negative code. */
int errors_print(const Output *output, const JsonValue *parameters);
