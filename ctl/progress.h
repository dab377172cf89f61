#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "common/alloc.h"
#include "ctl/job_view.h"

/*
 * The line that shows how far a job is: redrawn in place on a terminal, one after another elsewhere. All of
 * its numbers are the daemon's. One thread.
 */

typedef struct Progress Progress;

struct Progress {
        FILE *out;
        bool live;  /* @out is a terminal, and the line is redrawn in place */
        bool drawn; /* the cursor stands at the end of a live line */
};

#define PROGRESS_WIDTH_ANY ((size_t)-1)

/*
 * One line without its end, at most @width columns long: what matters least is left out first, and the name
 * is cut last. @bar: with a bar, where there is room. To be freed; NULL without memory. Pure.
 */
char *progress_line(const JobView *job, size_t width, bool bar);

/* Shows where @job is: draws again, or writes another line. */
void progress_show(Progress *progress, const JobView *job);

/* Leaves a live line as it stands, so that other words can follow on their own. */
void progress_end(Progress *progress);

/* Takes a live line away. */
void progress_clear(Progress *progress);
