#pragma once

#include "ctl/call.h"

/*
 * `reqctl import`: a file's documents into the store, some at a time. Returns an ExitCode or a negative code.
 * One thread.
 */
int import_run(Call *call);
