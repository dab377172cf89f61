/* Streams a job's status to those that watch it. */

#include "daemon/control/command.h"

#include <errno.h>
#include <event2/event.h>
#include <math.h>
#include <string.h>

#include "daemon/job/job_status.h"

#define BACKLOG_MAX (64u * 1024) /* who reads slower than we tell is told less often */
#define INTERVAL_DEFAULT_S 0.5
#define INTERVAL_MIN_S 0.05
#define INTERVAL_MAX_S 3600.0

struct Watch {
        TAILQ_ENTRY(Watch) entry;
        Call *call;
        char id[25]; /* of the job: it may be deleted while it is watched */
        struct event *tick;
        bool forever;
};

static void watch_free(Watch *watch) {
        TAILQ_REMOVE(&watch->call->control->watches, watch, entry);
        event_free(watch->tick);
        free(watch);
}

static void on_gone(Call *call) {
        watch_free(call->userdata);
        call_free(call);
}

static void tell(Watch *watch) {
        _cleanup_(user_error_deinit) UserError error = {};
        Call *call = watch->call;
        JsonWriter *writer;
        bool over;
        Job *job;
        int r;

        r = registry_find(call->control->registry, watch->id, &job, &error);
        if (r) {
                watch_free(watch);
                call_fail(call, r, &error);
                return;
        }

        over = !watch->forever && job_at_rest(job);
        if (!over && call_backlog(call) > BACKLOG_MAX)
                return;

        writer = call_begin(call);
        json_key(writer, "job");
        json_open_object(writer);
        job_status_write(job, writer);
        json_close_object(writer);
        if (over)
                watch_free(watch);
        call_reply(call, !over);
}

static void on_tick(int fd, short what, void *userdata) {
        tell(userdata);
}

void cmd_watch_changed(Control *control, Job *job) {
        char id[25];
        Watch *watch;

        bson_oid_to_string(&job->record.id, id);
        TAILQ_FOREACH(watch, &control->watches, entry)
                if (strcmp(watch->id, id) == 0) /* as EV_TIMEOUT it would put off the next tick each time */
                        event_active(watch->tick, EV_READ, 0);
}

static int interval(const Call *call, struct timeval *ret_interval, UserError *error) {
        double seconds = json_get_double(call->varlink.parameters, "interval", INTERVAL_DEFAULT_S);

        if (!(seconds >= INTERVAL_MIN_S && seconds <= INTERVAL_MAX_S))
                return user_error_set(error, "interval", "0.05 to 3600 seconds", "is out of bounds");

        ret_interval->tv_sec = (time_t)seconds;
        ret_interval->tv_usec = (suseconds_t)((seconds - floor(seconds)) * 1e6);
        return 0;
}

static int check_until(const Call *call, bool *ret_forever, UserError *error) {
        const char *until = call_string(call, "until");

        if (until && strcmp(until, "never") != 0 && strcmp(until, "settled") != 0)
                return user_error_set(
                        error, "until", "\"settled\" or \"never\"", "\"%s\" is not known", until);

        *ret_forever = until && strcmp(until, "never") == 0;
        return 0;
}

static int watch_new(Call *call, const Job *job, Watch **ret_watch, UserError *error) {
        struct timeval every;
        bool forever = false;
        Watch *watch;
        int r;

        r = interval(call, &every, error);
        if (!r)
                r = check_until(call, &forever, error);
        if (r)
                return r;

        watch = calloc(1, sizeof(*watch));
        if (!watch)
                return -ENOMEM;

        watch->tick = event_new(call->control->base, -1, EV_PERSIST, on_tick, watch);
        if (!watch->tick) {
                free(watch);
                return -ENOMEM;
        }

        watch->call = call;
        watch->forever = forever;
        bson_oid_to_string(&job->record.id, watch->id);
        event_priority_set(watch->tick, 0);
        event_add(watch->tick, &every);
        *ret_watch = watch;
        return 0;
}

void cmd_watch(Call *call) {
        _cleanup_(user_error_deinit) UserError error = {};
        Watch *watch;
        Job *job;
        int r;

        r = registry_find(call->control->registry, call_string(call, "job"), &job, &error);
        if (!r)
                r = watch_new(call, job, &watch, &error);
        if (r) {
                call_fail(call, r, &error);
                return;
        }

        call->userdata = watch;
        call->gone = on_gone;
        TAILQ_INSERT_TAIL(&call->control->watches, watch, entry);
        tell(watch);
}
