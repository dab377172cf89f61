#pragma once

#include "ctl/call.h"

/*
 * `reqctl export`: a collection with its outcomes, to a file or stdout. Returns an ExitCode or a negative
 * code. One thread.
 */
int export_run(Call *call);
