/* Submitting jobs and changing them. */

#include "daemon/control/command.h"

#include <errno.h>
#include <string.h>

#include "common/fault.h"
#include "daemon/control/rest.h"
#include "daemon/job/job_event.h"
#include "daemon/job/job_status.h"

/* Finds the job that the call names; ends the call and returns NULL where there is none. */
static Job *find_job(Call *call) {
        _cleanup_(user_error_deinit) UserError error = {};
        Job *job;
        int r;

        r = registry_find(call->control->registry, call_string(call, "job"), &job, &error);
        if (r) {
                call_fail(call, r, &error);
                return NULL;
        }

        return job;
}

static void write_job(Job *job, JsonWriter *writer) {
        json_key(writer, "job");
        json_open_object(writer);
        job_status_write(job, writer);
        json_close_object(writer);
}

void cmd_get_job(Call *call) {
        Job *job = find_job(call);

        if (!job)
                return;

        job_status_write(job, call_begin(call));
        call_reply(call, false);
}

/* "not supported yet" is an error of its own, so that programs can tell it from a mistake. */
static bool is_not_supported(const UserError *error) {
        return error->message && strstr(error->message, "not supported yet");
}

static void on_submitted(void *userdata, int r, Job *job, bool created, const UserError *error) {
        Call *call = userdata;
        JsonWriter *writer;

        if (r == -EINVAL && is_not_supported(error)) {
                call_error(call, "org.reqd.NotSupported", error);
                return;
        }
        if (r) {
                call_fail(call, r, error);
                return;
        }

        if (created)
                job_event_state(job, EVENT_JOB_SUBMITTED, &call->by);
        writer = call_begin(call);
        write_job(job, writer);
        json_member_bool(writer, "created", created);
        call_reply(call, false);
}

void cmd_submit(Call *call) {
        const JsonValue *paused = call_parameter(call, "paused");

        registry_submit(call->control->registry, call_parameter(call, "job"), paused && json_bool(paused),
                on_submitted, call);
}

/* A change that holds, waiting to be stored. */
typedef struct Change Change;

struct Change {
        Call *call;
        Job *job;
};

static void on_stored(void *userdata, bool stored) {
        _cleanup_free_ Change *change = userdata;
        JsonWriter *writer = call_begin(change->call);

        fault_point(FAULT_CHANGED);
        write_job(change->job, writer);
        json_member_bool(writer, "stored", stored);
        if (stored)
                json_member_null(writer, "warning");
        else
                json_member_string(writer, "warning",
                        "the store has not taken this change yet; it holds now, and is stored as soon as the "
                        "store answers");
        call_reply(change->call, false);
}

/* Ends the call: with the error, or with the job once the change is stored. */
static void answer_change(Call *call, Job *job, int r, const UserError *error) {
        Change *change;

        if (r == JOB_E_CONFLICT) {
                call_fail(call, REGISTRY_E_CONFLICT, error);
                return;
        }
        if (r == -EINVAL && is_not_supported(error)) {
                call_error(call, "org.reqd.NotSupported", error);
                return;
        }

        change = r ? NULL : calloc(1, sizeof(*change));
        if (!change) {
                call_fail(call, r, error);
                return;
        }

        change->call = call;
        change->job = job;
        saver_wait(&job->saver, on_stored, change);
}

void cmd_set(Call *call) {
        _cleanup_(user_error_deinit) UserError error = {};
        Job *job = find_job(call);

        if (!job)
                return;

        answer_change(call, job, job_set(job, call_parameter(call, "settings"), &call->by, &error), &error);
}

void cmd_pause(Call *call) {
        _cleanup_(user_error_deinit) UserError error = {};
        Job *job = find_job(call);

        if (!job)
                return;

        answer_change(call, job, job_pause(job, "by user", &call->by, &error), &error);
}

void cmd_resume(Call *call) {
        _cleanup_(user_error_deinit) UserError error = {};
        Job *job = find_job(call);

        if (!job)
                return;

        answer_change(call, job, job_resume(job, call_string(call, "limit"), &call->by, &error), &error);
}

void cmd_cancel(Call *call) {
        _cleanup_(user_error_deinit) UserError error = {};
        Job *job = find_job(call);

        if (!job)
                return;

        answer_change(call, job, job_cancel(job, &call->by, &error), &error);
}

static void retry(Call *call, Job *job) {
        _cleanup_(user_error_deinit) UserError error = {};
        const JsonValue *status = call_parameter(call, "status");
        int64_t number = 0;
        int r;

        r = status && (json_int(status, &number) || number < 100 || number > 599)
                    ? user_error_set(&error, "status", "100 to 599", "%s is no HTTP status",
                              json_number_text(status))
                    : registry_retry(call->control->registry, job, call_string(call, "reason"), (int)number,
                              &call->by, &error);
        answer_change(call, job, r, &error);
}

void cmd_retry(Call *call) {
        rest_wait(call, retry);
}

static void on_deleted(void *userdata, int r, const UserError *error) {
        Call *call = userdata;

        if (r) {
                call_fail(call, r, error);
                return;
        }

        call_begin(call);
        call_reply(call, false);
}

static void delete_job(Call *call, Job *job) {
        registry_delete(call->control->registry, job, &call->by, on_deleted, call);
}

void cmd_delete(Call *call) {
        rest_wait(call, delete_job);
}

void cmd_show(Call *call) {
        Job *job = find_job(call);
        const StringList *changed;
        JsonWriter *writer;

        if (!job)
                return;

        changed = &job->record.changed;
        writer = call_begin(call);
        json_key(writer, "submitted");
        json_put_raw(writer, job->record.spec, strlen(job->record.spec));
        json_key(writer, "changed");
        json_open_object(writer);
        for (size_t i = 0; i < changed->n; i++)
                json_member_string(writer, changed->items[i], string_map_value(changed->items[i]));
        json_close_object(writer);
        json_key(writer, "effective");
        job_spec_write_json(job->spec, writer);
        call_reply(call, false);
}
