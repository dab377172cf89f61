/* The commands that change a job: at once in memory, then in the store. */

#include "daemon/job/job.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/job/job_event.h"
#include "daemon/job/job_internal.h"

static int conflict(const Job *job, UserError *error, const char *hint) {
        user_error_set(error, NULL, hint, "job %s is %s already", job->record.name,
                job_state_name(job->record.state));
        return JOB_E_CONFLICT;
}

int job_pause(Job *job, const char *reason, const Actor *by, UserError *error) {
        if (job_ended(job))
                return conflict(job, error, NULL);
        if (job->record.state == JOB_RUNNING)
                job_set_state(job, EVENT_JOB_PAUSED, JOB_PAUSED, reason, by);

        return 0;
}

/* The record says how a live change came out, so that "+10%" is not added once more at a restart. */
static int remember_change(Job *job, const char *key) {
        const Option *option = option_find_flag(job_spec_options, key);
        _cleanup_free_ char *text = option_text(option, job->spec);

        return text ? string_map_add(&job->record.changed, option->flag + strlen("--"), text) : -ENOMEM;
}

static int set_one(Job *job, const char *key, const char *value, UserError *error) {
        int r;

        r = job_spec_set(job->spec, key, value, error);
        return r ? r : remember_change(job, key);
}

/* Adds how the setting came out to "concurrency=200 rate=50/s", which it frees. NULL without memory. */
static char *add_setting(const Job *job, const char *key, char *before) {
        const Option *option = option_find_flag(job_spec_options, key);
        _cleanup_free_ char *value = option_text(option, job->spec);
        _cleanup_free_ _unused_ char *owned = before;
        char *text;

        if (!value || asprintf(&text, "%s%s%s=%s", before ? before : "", before ? " " : "",
                              option->flag + strlen("--"), value) < 0)
                return NULL;

        return text;
}

static void settings_changed(Job *job, const char *text, const Actor *by) {
        job_event_changed(job, text ? text : "", by);
        job_apply_pace(job);
        saver_changed(&job->saver);
        services_kick(job->services);
        if (job->changed)
                job->changed(job, job->userdata);
}

int job_resume(Job *job, const char *limit, const Actor *by, UserError *error) {
        _cleanup_free_ char *text = NULL;
        int r;

        if (job_ended(job))
                return conflict(job, error,
                        job->record.state == JOB_DONE ? "reqctl retry takes its failed documents again"
                                                      : NULL);

        if (limit) {
                r = set_one(job, "limit", limit, error);
                if (r)
                        return r;
                text = add_setting(job, "limit", NULL);
                settings_changed(job, text, by);
        }

        if (job->record.state == JOB_PAUSED) {
                failure_stop_resume(&job->record.stop);
                if (job->flow)
                        flow_again(job->flow);
                job_set_state(job, EVENT_JOB_RESUMED, JOB_RUNNING, NULL, by);
        }

        return 0;
}

int job_cancel(Job *job, const Actor *by, UserError *error) {
        if (job_ended(job))
                return conflict(job, error, NULL);

        if (job->flow) {
                flow_cancel(job->flow);
                flow_again(job->flow); /* answers that the store had refused get another chance */
        } else
                job->record.unsettled = job->record.begun; /* by an earlier daemon */
        job_set_state(job, EVENT_JOB_CANCELLED, JOB_CANCELLED, "by user", by);
        return 0;
}

/* All keys are tried on a copy first, so that a wrong one leaves everything as it was. */
static int check_settings(const Job *job, const JsonValue *settings, UserError *error) {
        _cleanup_(job_spec_freep) JobSpec *trial = NULL;
        int r;

        r = job_spec_of_record(&job->record, &trial, error);
        if (r)
                return r;

        for (size_t i = 0; i < json_size(settings); i++) {
                const JsonValue *value = json_at(settings, i);

                if (json_type(value) != JSON_STRING)
                        return user_error_set(error, json_key_at(settings, i), NULL, "is not a string");

                r = job_spec_set(trial, json_key_at(settings, i), json_string(value), error);
                if (r)
                        return r;
        }

        return 0;
}

int job_set(Job *job, const JsonValue *settings, const Actor *by, UserError *error) {
        _cleanup_free_ char *text = NULL;
        int r;

        if (job_ended(job))
                return conflict(job, error, NULL);

        r = check_settings(job, settings, error);
        if (r)
                return r;

        for (size_t i = 0; i < json_size(settings); i++) {
                r = set_one(job, json_key_at(settings, i), json_string(json_at(settings, i)), error);
                if (r)
                        return error_trace(r);
                text = add_setting(job, json_key_at(settings, i), text);
        }

        settings_changed(job, text, by);
        return 0;
}

static bson_t *retry_predicate(const char *reason, int status) {
        bson_t *predicate, array;

        if (!reason && !status)
                return NULL;

        predicate = bson_new();
        if (reason) {
                bson_append_array_begin(predicate, "reason", -1, &array);
                bson_append_utf8(&array, "0", -1, reason, -1);
                bson_append_array_end(predicate, &array);
        }
        if (status) {
                bson_append_array_begin(predicate, "status", -1, &array);
                bson_append_int32(&array, "0", -1, status);
                bson_append_array_end(predicate, &array);
        }
        return predicate;
}

static int check_retry(const Job *job, const char *reason, int status, UserError *error) {
        if (reason && !reason_parse(reason))
                return user_error_set(error, "reason", "see the reasons in: reqctl status JOB",
                        "\"%s\" is no reason", reason);
        if (status && (status < 100 || status > 599))
                return user_error_set(error, "status", "100 to 599", "%d is no HTTP status", status);
        if (job_ended(job) && job_quiet(job) && !job->forgotten)
                return 0;

        user_error_set(error, NULL, "wait for its end, or cancel it first", "job %s is %s", job->record.name,
                job->forgotten       ? "being deleted"
                : job_uncounted(job) ? "still counting what it has stored"
                : job_ended(job)     ? "still storing its last outcomes"
                                     : job_state_name(job->record.state));
        return JOB_E_CONFLICT;
}

int job_retry(Job *job, const char *reason, int status, const Actor *by, UserError *error) {
        JobRecord *record = &job->record;
        int r;

        r = check_retry(job, reason, status, error);
        if (r)
                return r;

        record->started_before += tally_documents(&record->tally);
        record->generation++;
        if (record->retry)
                bson_destroy(record->retry);
        record->retry = retry_predicate(reason, status);
        bson_value_destroy(&record->watermark);
        record->watermark = (bson_value_t) {};
        record->tally = (Tally) {};
        failure_stop_reset(&record->stop);
        record->begun = false;
        record->started_ms = record->ended_ms = 0;
        job->total_known = false;
        job->unanswered = 0;
        job_count_forget(job);
        job_set_state(job, EVENT_JOB_RETRIED, JOB_RUNNING, NULL, by);
        return 0;
}
