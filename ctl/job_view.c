/* Reads a JobStatus: the one place that knows its members' names. */

#include "ctl/job_view.h"

#include <string.h>

static void read_documents(JobView *view, const JsonValue *documents) {
        view->total = json_get_int(documents, "total", -1);
        view->pending = json_get_int(documents, "pending", -1);
        view->queued = json_get_int(documents, "queued", 0);
        view->in_flight = json_get_int(documents, "in_flight", 0);
        view->retrying = json_get_int(documents, "retrying", 0);
        view->ok = json_get_int(documents, "ok", 0);
        view->failed = json_get_int(documents, "failed", 0);
        view->gone = json_get_int(documents, "gone", 0);
}

static void read_pace(JobView *view, const JsonValue *pace) {
        const JsonValue *concurrency = json_get(pace, "concurrency"), *rate = json_get(pace, "rate");

        view->concurrency_set = json_get_int(concurrency, "set", -1);
        view->concurrency = json_get_int(concurrency, "effective", -1);
        view->rate_set = json_get_double(rate, "set", -1);
        view->rate = json_get_double(rate, "effective", -1);
        view->limited_by = json_get_string(pace, "limited_by", "");
}

static void read_measures(JobView *view, const JsonValue *job) {
        const JsonValue *latency = json_get(job, "latency_ms"), *window = json_get(job, "window");

        view->p50_ms = json_get_double(latency, "p50", -1);
        view->p90_ms = json_get_double(latency, "p90", -1);
        view->p99_ms = json_get_double(latency, "p99", -1);
        view->max_ms = json_get_double(latency, "max", -1);
        view->throughput = json_get_double(job, "throughput", 0);
        view->window_now = json_get_int(window, "now", 0);
        view->window_max = json_get_int(window, "max", 0);
        view->eta_s = json_get_double(job, "eta", -1);
        view->elapsed_s = json_get_double(job, "elapsed", 0);
}

static const JsonValue *array_of(const JsonValue *job, const char *key) {
        const JsonValue *array = json_get(job, key);

        return array && json_type(array) == JSON_ARRAY ? array : NULL;
}

JobView job_view_read(const JsonValue *job) {
        const JsonValue *failures = json_get(job, "failures");
        JobView view = {
                .name = json_get_string(job, "name", "?"),
                .id = json_get_string(job, "id", "?"),
                .collection = json_get_string(job, "collection", "?"),
                .state = json_get_string(job, "state", "?"),
                .reason = json_get_string(job, "reason", NULL),
                .detail = json_get_string(job, "detail", NULL),
                .examples = array_of(job, "examples"),
                .generation = json_get_int(job, "generation", 1),
                .created = json_get_string(job, "created", "?"),
                .started = json_get_string(job, "started", NULL),
                .ended = json_get_string(job, "ended", NULL),
                .attempts = json_get_int(job, "attempts", 0),
                .origins = array_of(job, "origins"),
                .failures = failures && json_type(failures) == JSON_OBJECT ? failures : NULL,
        };

        read_documents(&view, json_get(job, "documents"));
        read_pace(&view, json_get(job, "pace"));
        read_measures(&view, job);
        return view;
}

int64_t job_view_completed(const JobView *job) {
        return job->ok + job->failed + job->gone;
}

int job_view_percent(const JobView *job) {
        int64_t completed = job_view_completed(job);

        if (job->total < 0)
                return -1;

        if (completed >= job->total)
                return 100;

        return (int)((double)completed / (double)job->total * 100);
}

bool job_view_is(const JobView *job, const char *state) {
        return strcmp(job->state, state) == 0;
}
