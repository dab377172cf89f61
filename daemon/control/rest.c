/* Calls that need a job at rest. */

#include "daemon/control/rest.h"

#include <errno.h>
#include <event2/event.h>
#include <string.h>

#define PATIENCE_S 1

struct Rest {
        TAILQ_ENTRY(Rest) entry;
        Call *call;
        struct event *wake;
        char id[25]; /* of the job */
        void (*then)(Call *call, Job *job);
};

/* Being woken takes the time limit away, too. */
static void wait_on(Rest *rest) {
        static const struct timeval patience = { .tv_sec = PATIENCE_S };

        event_add(rest->wake, &patience);
}

static void rest_free(Rest *rest) {
        TAILQ_REMOVE(&rest->call->control->rests, rest, entry);
        rest->call->gone = NULL;
        event_free(rest->wake);
        free(rest);
}

static void on_gone(Call *call) {
        rest_free(call->userdata);
        call_free(call);
}

static bool must_wait(const Job *job) {
        return job_ended(job) && !job_quiet(job);
}

/* Woken by a change, or out of patience. */
static void on_wake(int fd, short what, void *userdata) {
        _cleanup_(user_error_deinit) UserError error = {};
        Rest *rest = userdata;
        Call *call = rest->call;
        void (*then)(Call *, Job *) = rest->then;
        Job *job;
        int r;

        r = registry_find(call->control->registry, rest->id, &job, &error);
        if (!r && must_wait(job) && !(what & EV_TIMEOUT)) {
                wait_on(rest);
                return;
        }

        rest_free(rest);
        if (r)
                call_fail(call, r, &error);
        else
                then(call, job);
}

static int wait_for(Call *call, const Job *job, void (*then)(Call *call, Job *job)) {
        Rest *rest = calloc(1, sizeof(*rest));

        if (rest)
                rest->wake = event_new(call->control->base, -1, 0, on_wake, rest);
        if (!rest || !rest->wake) {
                free(rest);
                return -ENOMEM;
        }

        rest->call = call;
        rest->then = then;
        bson_oid_to_string(&job->record.id, rest->id);
        event_priority_set(rest->wake, 0);
        wait_on(rest);
        TAILQ_INSERT_TAIL(&call->control->rests, rest, entry);
        call->userdata = rest;
        call->gone = on_gone;
        return 0;
}

void rest_wait(Call *call, void (*then)(Call *call, Job *job)) {
        _cleanup_(user_error_deinit) UserError error = {};
        Job *job;
        int r;

        r = registry_find(call->control->registry, call_string(call, "job"), &job, &error);
        if (!r && must_wait(job)) {
                r = wait_for(call, job, then);
                if (!r)
                        return;
        }

        if (r)
                call_fail(call, r, &error);
        else
                then(call, job);
}

void rest_changed(Control *control, const Job *job) {
        char id[25];
        Rest *rest;

        if (must_wait(job))
                return;

        bson_oid_to_string(&job->record.id, id);
        TAILQ_FOREACH(rest, &control->rests, entry)
                if (strcmp(rest->id, id) == 0)
                        event_active(
                                rest->wake, EV_READ, 0); /* later: the job is in the middle of its turn */
}
