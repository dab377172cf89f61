#pragma once

#include "ctl/call.h"

/*
 * `logs`: the journal's entries of a job, shown by journalctl(1) itself, which knows pagers, colors and who may
 * read what. The daemon is not asked: its log is there when it is not. One thread.
 */

/* Does not return where journalctl takes over. EXIT_CODE_USAGE or EXIT_CODE_ERROR, having told why not. */
int logs_run(Call *call);
