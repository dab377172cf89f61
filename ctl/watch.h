#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "ctl/call.h"
#include "ctl/job_view.h"

/*
 * Follows one job until it ends or pauses: `submit --follow` and `wait`. One thread; SIGINT is kept from its
 * default action while it lasts.
 */

typedef struct WatchOptions WatchOptions;

struct WatchOptions {
        bool progress;     /* show how far it is, on stderr */
        bool for_paused;   /* a pause is what is waited for */
        uint64_t until_us; /* CLOCK_MONOTONIC; 0: no limit */
};

/* What the end of the stream means: what a job that ended, or paused, makes `reqctl` exit with. Pure. */
ExitCode watch_verdict(const JobView *job, bool for_paused);

/*
 * @job: its name or id; NULL: the only unfinished one. Returns an ExitCode, having said the final state; or a
 * negative code.
 */
int watch_job(Call *call, const char *job, const WatchOptions *options);

/* `reqctl wait`. */
int watch_run(Call *call);
