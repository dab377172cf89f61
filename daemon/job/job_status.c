/* A job's status as people and programs see it. */

#include "daemon/job/job_status.h"

#include "common/timeutil.h"
#include "daemon/job/origin_status.h"
#include "daemon/job/stop_status.h"

static const Tally *tally_of(const Job *job) {
        return job->flow ? &job->flow->tally : &job->record.tally;
}

static void write_time(JsonWriter *writer, const char *key, int64_t wall_ms) {
        char text[TIME_RFC3339_SIZE];

        if (wall_ms)
                json_member_string(writer, key, time_format_rfc3339(wall_ms, text));
        else
                json_member_null(writer, key);
}

static void write_detail(const Job *job, JsonWriter *writer) {
        char stop[STOP_DETAIL_SIZE];

        if (job_uncounted(job))
                json_member_string(writer, "detail",
                        "what an earlier reqd has stored is still being counted: the totals grow");
        else
                json_member_string(writer, "detail", *stop_status_detail(job, stop) ? stop : NULL);
}

static size_t retrying(const Job *job) {
        return job->flow ? dispatcher_retrying(&job->flow->dispatcher) : 0;
}

static size_t queued(const Job *job) {
        return job->flow ? job->flow->queue.n : 0;
}

/* Documents that are somewhere between the queue and the store, or have their outcome. */
static uint64_t known(const Job *job) {
        return job->flow ? flow_known(job->flow) : tally_documents(&job->record.tally);
}

static void write_documents(const Job *job, JsonWriter *writer) {
        const Tally *tally = tally_of(job);

        json_key(writer, "documents");
        json_open_object(writer);
        if (job->total_known) {
                json_member_uint(writer, "total", job->total);
                json_member_uint(writer, "pending", job->total > known(job) ? job->total - known(job) : 0);
        } else {
                json_member_null(writer, "total");
                json_member_null(writer, "pending");
        }
        json_member_uint(writer, "queued", queued(job));
        json_member_uint(writer, "in_flight", job->pacing.in_flight);
        json_member_uint(writer, "retrying", retrying(job));
        json_member_uint(writer, "ok", tally->ok);
        json_member_uint(writer, "failed", tally_failed(tally));
        json_member_uint(writer, "gone", tally->gone);
        json_close_object(writer);
}

static void write_failures(const Job *job, JsonWriter *writer) {
        const Tally *tally = tally_of(job);

        json_key(writer, "failures");
        json_open_object(writer);
        for (FailureReason reason = REASON_NONE + 1; reason < _REASON_N; reason++)
                if (tally->failed[reason])
                        json_member_uint(writer, reason_name(reason), tally->failed[reason]);
        json_close_object(writer);
}

static void write_rate(const Job *job, JsonWriter *writer) {
        json_key(writer, "rate");
        json_open_object(writer);
        if (job->spec->pace.rate > 0) {
                json_member_double(writer, "set", job->spec->pace.rate);
                json_member_double(writer, "effective", job->pacing.rate.per_second);
        } else {
                json_member_null(writer, "set");
                json_member_null(writer, "effective");
        }
        json_close_object(writer);
}

static void write_pace(const Job *job, JsonWriter *writer) {
        uint32_t most = job->services->max_in_flight;
        const StoreLink *link = job->services->link;
        bool store_away = (link->away || !store_link_lets_start(link)) && job->record.state == JOB_RUNNING;

        json_key(writer, "pace");
        json_open_object(writer);
        json_key(writer, "concurrency");
        json_open_object(writer);
        json_member_uint(writer, "set", job->spec->pace.concurrency);
        json_member_uint(
                writer, "effective", job->pacing.concurrency < most ? job->pacing.concurrency : most);
        json_close_object(writer);
        write_rate(job, writer);
        json_member_string(
                writer, "limited_by", limited_by_name(store_away ? LIMITED_BY_STORE : job->limited_by));
        json_close_object(writer);
}

static void write_percentile(const Job *job, JsonWriter *writer, const char *key, double percent) {
        if (job->latency.n)
                json_member_double(writer, key, (double)histogram_percentile(&job->latency, percent) / 1e3);
        else
                json_member_null(writer, key);
}

static void write_latency(const Job *job, JsonWriter *writer) {
        json_key(writer, "latency_ms");
        json_open_object(writer);
        write_percentile(job, writer, "p50", 50);
        write_percentile(job, writer, "p90", 90);
        write_percentile(job, writer, "p99", 99);
        write_percentile(job, writer, "max", 100);
        json_close_object(writer);
}

static void write_window(const Job *job, JsonWriter *writer) {
        json_key(writer, "window");
        json_open_object(writer);
        json_member_uint(writer, "now", job->flow ? dispatcher_window(&job->flow->dispatcher) : 0);
        json_member_uint(writer, "max", job_window_max(job));
        json_close_object(writer);
}

static double elapsed_s(const Job *job) {
        int64_t until_ms = job->record.ended_ms ? job->record.ended_ms : time_wall_ms();

        if (!job->record.started_ms || until_ms < job->record.started_ms)
                return 0;

        return (double)(until_ms - job->record.started_ms) / 1e3;
}

static uint64_t attempts(const Job *job) {
        return job->flow ? flow_attempts(job->flow) : job->attempts;
}

/* Of a job at work: lately. Of one that has ended: over all of its time. */
static double throughput(Job *job) {
        if (!job_ended(job))
                return meter_rate(&job->ended, time_now_us());

        return elapsed_s(job) > 0 ? (double)attempts(job) / elapsed_s(job) : 0;
}

void job_progress(Job *job, JobProgress *ret_progress) {
        double rate = meter_rate(&job->outcomes, time_now_us());
        uint64_t done = tally_documents(tally_of(job));
        bool known = job->record.state == JOB_RUNNING && job->total_known && rate > 0 && job->total >= done;

        *ret_progress = (JobProgress) {
                .done = done,
                .total = job->total,
                .total_known = job->total_known,
                .rate = throughput(job),
                .eta_s = known ? (double)(job->total - done) / rate : -1,
        };
}

static void write_eta(Job *job, JsonWriter *writer) {
        JobProgress progress;

        job_progress(job, &progress);
        if (progress.eta_s >= 0)
                json_member_double(writer, "eta", progress.eta_s);
        else
                json_member_null(writer, "eta");
}

void job_status_write(Job *job, JsonWriter *writer) {
        char id[25];

        bson_oid_to_string(&job->record.id, id);
        json_member_string(writer, "name", job->record.name);
        json_member_string(writer, "id", id);
        json_member_string(writer, "collection", job->spec->collection);
        json_member_string(writer, "state", job_state_name(job->record.state));
        json_member_string(writer, "reason", job->record.reason);
        write_detail(job, writer);
        stop_status_write(job, writer);
        json_member_int(writer, "generation", job->record.generation);
        write_time(writer, "created", job->record.created_ms);
        write_time(writer, "started", job->record.started_ms);
        write_time(writer, "ended", job->record.ended_ms);
        write_documents(job, writer);
        json_member_uint(writer, "attempts", attempts(job));
        write_failures(job, writer);
        write_pace(job, writer);
        write_latency(job, writer);
        json_member_double(writer, "throughput", throughput(job));
        write_window(job, writer);
        origin_status_write(job, writer);
        write_eta(job, writer);
        json_member_double(writer, "elapsed", elapsed_s(job));
}
