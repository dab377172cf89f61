#pragma once

#include "common/error.h"
#include "common/json.h"
#include "ctl/call.h"

/* `reqctl submit`: makes a job file of what was typed, checks it, and hands it in. One thread. */

/*
 * The job that the arguments mean: the keys of @base, changed by the options, as one tree. Keys of maps
 * (headers, query) are changed one by one, everything else as a whole.
 *
 * @base: the job file, an object, or NULL; @name: NULL where none was typed
 * Returns 0; -EINVAL with @error filled; -ENOMEM.
 */
int submit_build(
        const Args *args, const JsonValue *base, const char *name, JsonValue **ret_job, UserError *error);

int submit_run(Call *call);
