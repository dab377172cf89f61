/* A job: its state, and the flow that does the work. */

#include "daemon/job/job.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/fault.h"
#include "common/log.h"
#include "common/timeutil.h"
#include "daemon/job/job_event.h"
#include "daemon/job/job_internal.h"

static bson_t *record_for_saver(void *userdata) {
        return job_record(userdata);
}

static void on_record_refused(const StoreFailure *failure, void *userdata) {
        job_event_refused(userdata, EVENT_JOB_RECORD_REFUSED, failure);
}

void job_apply_pace(Job *job) {
        pacing_set(&job->pacing, (uint32_t)job->spec->pace.concurrency, job->spec->pace.rate, time_now_us());
}

static int job_new_from(const Services *services, Job **ret_job) {
        _cleanup_(job_freep) Job *job = NULL;
        int r;

        job = calloc(1, sizeof(*job));
        if (!job)
                return -ENOMEM;

        job->services = services;
        job->limited_by = LIMITED_BY_IDLE;
        job->saver = (Saver) {
                .services = services, .record = record_for_saver, .refuse = on_record_refused, .userdata = job
        };
        r = saver_init(&job->saver);
        if (r)
                return error_trace(r);

        *ret_job = TAKE_PTR(job);
        return 0;
}

int job_new(const Services *services, JobSpec *spec, bool paused, Job **ret_job) {
        _cleanup_(job_freep) Job *job = NULL;
        int r;

        r = job_new_from(services, &job);
        if (r)
                return r;

        bson_oid_init(&job->record.id, NULL);
        job->record.name = strdup(spec->name);
        job->record.spec = job_spec_text(spec);
        job->record.state = paused ? JOB_PAUSED : JOB_RUNNING;
        job->record.reason = paused ? strdup("by user") : NULL;
        job->record.generation = 1;
        job->record.created_ms = time_wall_ms();
        if (!job->record.name || !job->record.spec)
                return -ENOMEM;

        job->spec = spec;
        job_apply_pace(job);
        *ret_job = TAKE_PTR(job);
        return 0;
}

int job_spec_of_record(const JobRecord *record, JobSpec **ret_spec, UserError *error) {
        _cleanup_(json_freep) JsonValue *json = NULL;
        _cleanup_(job_spec_freep) JobSpec *spec = NULL;
        int r;

        r = json_parse(record->spec, strlen(record->spec), &json, error);
        if (r)
                return r;

        r = job_spec_new(json, &spec, error);
        if (r)
                return r;

        for (size_t i = 0; i < record->changed.n; i++) {
                const char *item = record->changed.items[i];

                r = job_spec_set(spec, item, string_map_value(item), error);
                if (r)
                        return r;
        }

        *ret_spec = TAKE_PTR(spec);
        return 0;
}

int job_restore(const Services *services, JobRecord *record, Job **ret_job, UserError *error) {
        _cleanup_(job_freep) Job *job = NULL;
        int r;

        r = job_new_from(services, &job);
        if (r)
                return r;

        r = job_spec_of_record(record, &job->spec, error);
        if (r)
                return r;

        job->record = *record;
        *record = (JobRecord) {};
        job->attempts = job->record.tally.attempts;
        job->total = tally_documents(&job->record.tally);
        job->total_known = job->record.state == JOB_DONE;
        job_apply_pace(job);
        *ret_job = TAKE_PTR(job);
        return 0;
}

Job *job_free(Job *job) {
        if (!job)
                return NULL;

        job_count_forget(job);
        saver_deinit(&job->saver); /* first: whoever waits there is told, and may look at the flow */
        flow_free(job->flow);
        job_spec_free(job->spec);
        job_record_deinit(&job->record);
        free(job);
        return NULL;
}

/* A running flow knows better than the last save; but only what is before the watermark may be counted. */
static void refresh_record(Job *job) {
        const Watermark *watermark;

        if (!job->flow)
                return;

        watermark = &job->flow->watermark;
        bson_value_destroy(&job->record.watermark);
        job->record.watermark = (bson_value_t) {};
        if (watermark->at.value_type != BSON_TYPE_EOD)
                bson_value_copy(&watermark->at, &job->record.watermark);
        /* What is cancelled with answers under way, or not counted yet, is so later, or after a restart. */
        job->record.unsettled = job_ended(job) && !(job->flow->feeder.ended && flow_quiet(job->flow) &&
                                                          flow_counted(job->flow));
        job->record.tally = job_ended(job) && !job->record.unsettled ? job->flow->tally : watermark->tally;
}

bson_t *job_record(Job *job) {
        refresh_record(job);
        job->ended_saved = job->record.stop.ended;
        return job_record_to_bson(&job->record, job->spec->collection);
}

void job_set_state(Job *job, EventId event, JobState state, const char *reason, const Actor *by) {
        free(job->record.reason);
        job->record.reason = reason ? strdup(reason) : NULL;
        job->record.state = state;
        if (job_state_ended(state))
                job->record.ended_ms = time_wall_ms();
        if (state == JOB_RUNNING && !job->record.started_ms)
                job->record.started_ms = time_wall_ms();

        job_event_state(job, event, by);
        job->limited_by = LIMITED_BY_IDLE;
        saver_changed(&job->saver);
        services_kick(job->services);
        if (job->changed)
                job->changed(job, job->userdata);
}

static void on_refused(const StoreFailure *failure, void *userdata) {
        Job *job = userdata;
        char reason[300];

        job_event_refused(job, EVENT_STORE_REFUSES, failure);
        snprintf(reason, sizeof(reason), "store refuses: %d %s", failure->code, failure->message);
        if (!job_ended(job)) /* also if it is paused already: it holds answers that are not stored */
                job_set_state(job, EVENT_JOB_PAUSED, JOB_PAUSED, reason, NULL);
}

static void on_moved(void *userdata) {
        saver_changed(&((Job *)userdata)->saver);
}

static FlowOptions flow_options(Job *job) {
        const JobRecord *record = &job->record;

        return (FlowOptions){
                .services = job->services,
                .spec = job->spec,
                .target = {
                        .collection = job->spec->collection,
                        .field = job->spec->result.field,
                        .meta = job->spec->result.meta,
                        .job = record->id,
                        .job_name = record->name,
                        .generation = record->generation,
                },
                .retry = record->retry,
                .resume = record->begun,
                .counts = record->unsettled,
                .at = record->watermark.value_type == BSON_TYPE_EOD ? NULL : &record->watermark,
                .tally = record->tally,
                .unanswered = job->unanswered,
                .started_before = record->started_before,
                .pacing = &job->pacing,
                .latency = &job->latency,
                .ended = &job->ended,
                .outcomes = &job->outcomes,
                .failures = &job->failures,
                .stop = &job->record.stop,
                .refuse = on_refused,
                .moved = on_moved,
                .userdata = job,
        };
}

/* Sets the job to work: counts, reads, and starts requests unless it is paused. */
static void begin(Job *job) {
        FlowOptions options = flow_options(job);
        int r;

        r = flow_new(&options, &job->flow);
        if (r) {
                log_error("job %s cannot begin: %s", job->record.name, strerror(-r));
                return;
        }

        if (!job_ended(job))
                job_event_begun(job, job->record.begun);
        job->total_known &= job_ended(job);
        job->record.begun = true;
        if (job->record.state == JOB_RUNNING && !job->record.started_ms) {
                job->record.started_ms = time_wall_ms();
                saver_changed(&job->saver);
        }
        if (!job_ended(job))
                job_count_begin(job, &options);
        fault_point(FAULT_BEGUN);
        services_kick(job->services);
}

static void end_flow(Job *job) {
        refresh_record(job);
        job->attempts = flow_attempts(job->flow);
        job->unanswered = job->attempts - job->flow->tally.attempts;
        job->window_max = job_window_max(job);
        job->flow = flow_free(job->flow);
}

static void finish(Job *job) {
        job->total = tally_documents(&job->flow->tally);
        job->total_known = true;
        job_set_state(job, EVENT_JOB_DONE, JOB_DONE, NULL, NULL);
        failure_digest_reset(&job->failures, job->failures.taken_us); /* the totals have just been told */
}

static void turn_running(Job *job) {
        Flow *flow = job->flow;

        flow_read(flow, false);
        flow_hurry(flow);
        if (flow_finished(flow))
                finish(job);
        else if (failure_stop_due(&job->record.stop, &job->spec->stop.failures) && flow_has_more(flow))
                job_set_state(job, EVENT_JOB_PAUSED, JOB_PAUSED, JOB_TOO_MANY_FAILURES, NULL);
        else if (dispatcher_limit_reached(&flow->dispatcher) && flow_settled(flow) &&
                 !dispatcher_retrying(&flow->dispatcher))
                job_set_state(job, EVENT_JOB_PAUSED, JOB_PAUSED, "limit reached", NULL);
}

/* A generation is begun once the store knows of it, or a crash would leave outcomes that nobody counts. */
static void begin_when_saved(Job *job) {
        if ((!job_ended(job) || job->record.unsettled) && saver_clean(&job->saver))
                begin(job);
}

static void tell_rest(Job *job) {
        bool at_rest = job_at_rest(job), quiet = job_quiet(job);
        bool came = (at_rest && !job->at_rest) || (quiet && !job->quiet);

        job->at_rest = at_rest;
        job->quiet = quiet;
        if (came && job->changed)
                job->changed(job, job->userdata);
}

/* What is in flight ends and is stored. What the store refuses even now, nobody will ask for again. */
static void turn_ended(Job *job) {
        Flow *flow = job->flow;
        size_t lost;

        flow_hurry(flow);
        if (flow->feeder.refused) /* then it is counted no further */
                flow->feeder.ended = true;
        if (!flow->feeder.ended) { /* it has only counting to do */
                flow_read(flow, false);
                return;
        }

        feeder_rest(&flow->feeder);
        lost = flow_settled(flow) ? writer_forget_refused(&flow->writer) : 0;
        if (lost)
                job_event_lost(job, lost);
        if (flow_quiet(flow)) {
                end_flow(job);
                saver_changed(&job->saver);
        }
}

/* What ended after the pause belongs to what a restarted daemon shows of it. */
static void turn_paused(Job *job) {
        Flow *flow = job->flow;

        flow_read(flow, true);
        flow_hurry(flow);
        if (job->ended_saved != job->record.stop.ended && flow_settled(flow) && saver_clean(&job->saver))
                saver_changed(&job->saver);
}

static void turn_flow(Job *job) {
        switch (job->record.state) {
        case JOB_RUNNING:
                turn_running(job);
                break;
        case JOB_PAUSED:
                turn_paused(job);
                break;
        default:
                turn_ended(job);
        }

        if (job->flow && job->flow->feeder.ended && !job_ended(job)) {
                job->total = flow_known(job->flow);
                job->total_known = true;
        }
}

void job_turn(Job *job) {
        job_event_failures(job, time_now_us());
        if (job->forgotten) /* what is saved now would be there again after the deletion */
                return;

        if (job->flow)
                turn_flow(job);
        else
                begin_when_saved(job);
        tell_rest(job);
}

LimitedBy job_check(Job *job, uint64_t now_us, uint64_t *ret_wait_us) {
        *ret_wait_us = 0;

        if (job->record.state != JOB_RUNNING || !job->flow)
                job->limited_by = LIMITED_BY_IDLE;
        else
                job->limited_by = dispatcher_check(&job->flow->dispatcher, now_us, ret_wait_us);

        if (job->limited_by == LIMITED_BY_SOURCE && job->flow->feeder.ended)
                job->limited_by = LIMITED_BY_IDLE;

        return job->limited_by;
}

void job_start_request(Job *job, uint64_t now_us) {
        dispatcher_start(&job->flow->dispatcher, now_us);
}
