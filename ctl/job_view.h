#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/json.h"

/*
 * A JobStatus of the interface as a struct: the one place that knows its members' names.
 *
 * Strings point into the tree it was read from and live as long as that. Numbers that the daemon does not
 * know are -1. What is missing reads as unknown or empty, so an older or newer daemon can be looked at.
 */

typedef struct JobView JobView;

struct JobView {
        const char *name;
        const char *id;
        const char *collection;
        const char *state;
        const char *reason;        /* NULL: nothing to say */
        const char *detail;        /* NULL: nothing more to say */
        const JsonValue *examples; /* an array of StopExample; NULL: none */
        int64_t generation;
        const char *created; /* RFC 3339, UTC */
        const char *started; /* NULL: not yet */
        const char *ended;   /* NULL: not yet */

        int64_t total, pending; /* -1: not counted yet */
        int64_t queued, in_flight, retrying;
        int64_t ok, failed, gone;
        int64_t attempts;
        const JsonValue *failures; /* an object, reason: count; NULL: none */
        const JsonValue *origins;  /* an array of OriginStatus; NULL: none */

        int64_t concurrency_set, concurrency;
        double rate_set, rate;  /* a second; -1: no limit */
        const char *limited_by; /* "" where it is not said */

        double p50_ms, p90_ms, p99_ms, max_ms; /* -1: no answer yet */
        double throughput;                     /* requests ended a second */
        int64_t window_now, window_max;
        double eta_s; /* -1: nobody can tell */
        double elapsed_s;
};

/* @job: a JobStatus; NULL or another value reads as an empty one. */
JobView job_view_read(const JsonValue *job);

/* Documents with an outcome, or gone. */
int64_t job_view_completed(const JobView *job);

/* From 0 to 100, rounded down so that only all of them are 100; -1 while the total is unknown. */
int job_view_percent(const JobView *job);

bool job_view_is(const JobView *job, const char *state);
