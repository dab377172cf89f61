/* What `reqctl status` shows: all jobs in a table, or one in a block. */

#include "ctl/status.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "ctl/table.h"
#include "ctl/words.h"
#include "daemon/spec/reason.h"

#define KEY_WIDTH 11 /* columns of the block's keys */
#define CELL_SIZE 64

static const TableColumn columns[] = {
        { "NAME" },
        { "STATE" },
        { "PROGRESS" },
        { "OK", .right = true },
        { "FAILED", .right = true },
        { "IN-FLIGHT", .right = true },
        { "N", .right = true },
        { "RATE", .right = true },
        { "ETA", .right = true },
        { "LIMITED BY" },
        {},
};

/* A row's texts, as long as the row is being added. */
typedef struct Row Row;

struct Row {
        char progress[CELL_SIZE], ok[CELL_SIZE], failed[CELL_SIZE], in_flight[CELL_SIZE];
        char concurrency[CELL_SIZE], rate[WORDS_SIZE], eta[WORDS_SIZE];
};

static char *format_count(int64_t count, char *text) {
        snprintf(text, CELL_SIZE, "%" PRId64, count);
        return text;
}

static void format_progress(const JobView *job, char *text) {
        if (job->total < 0)
                snprintf(text, CELL_SIZE, "%" PRId64 " so far", job_view_completed(job));
        else
                snprintf(text, CELL_SIZE, "%3d%% %" PRId64 "/%" PRId64, job_view_percent(job),
                        job_view_completed(job), job->total);
}

static int add_job(Table *table, const JobView *job) {
        bool running = job_view_is(job, "running");
        Row row = {};

        format_progress(job, row.progress);
        if (job->concurrency >= 0)
                format_count(job->concurrency, row.concurrency);
        if (running)
                words_rate(job->throughput, row.rate);
        if (running && job->eta_s >= 0)
                words_duration(job->eta_s, row.eta);

        return table_add(table,
                (const TableCell[]) {
                        { job->name, COLOR_STRONG },
                        { job->state, output_state_color(job->state) },
                        { row.progress, COLOR_NONE },
                        { format_count(job->ok, row.ok), COLOR_NONE },
                        { format_count(job->failed, row.failed), job->failed ? COLOR_BAD : COLOR_NONE },
                        { format_count(job->in_flight, row.in_flight), COLOR_NONE },
                        { row.concurrency, COLOR_NONE },
                        { row.rate, COLOR_NONE },
                        { row.eta, COLOR_NONE },
                        { running             ? job->limited_by
                                : job->reason ? job->reason
                                              : "",
                                COLOR_NONE },
                });
}

static void print_unreadable(const Output *output, const JsonValue *unreadable) {
        for (size_t i = 0; i < json_size(unreadable); i++) {
                const JsonValue *job = json_at(unreadable, i);

                fprintf(output->out, "%sThe record of job %s (%s) is not understood and left alone: %s%s\n",
                        output_color(output, COLOR_BAD), json_get_string(job, "name", "?"),
                        json_get_string(job, "id", "?"), json_get_string(job, "reason", ""),
                        output_color_end(output, COLOR_BAD));
        }
}

static void print_daemon(const Output *output, const JsonValue *daemon) {
        const JsonValue *store = json_get(daemon, "store");
        bool available = json_get_bool(store, "available", true);

        fprintf(output->out, "reqd %s, store %s, %" PRId64 " in flight (at most %" PRId64 ")\n",
                json_get_string(daemon, "version", "?"), json_get_string(store, "address", "?"),
                json_get_int(daemon, "in_flight", 0), json_get_int(daemon, "max_in_flight", 0));

        if (!available)
                fprintf(output->out, "%sThe store does not answer: %s%s\n", output_color(output, COLOR_BAD),
                        json_get_string(store, "message", "no reason given"),
                        output_color_end(output, COLOR_BAD));
        if (json_get(daemon, "unreadable"))
                print_unreadable(output, json_get(daemon, "unreadable"));
}

int status_print_all(const Output *output, const JsonValue *parameters) {
        const JsonValue *jobs = output_list(parameters, "jobs");
        _cleanup_(table_freep) Table *table = NULL;
        int r;

        print_daemon(output, json_get(parameters, "daemon"));
        if (!jobs || json_size(jobs) == 0) {
                fprintf(output->out, "No jobs yet; begin with: reqctl submit --collection DB.COLLECTION\n");
                return 0;
        }

        r = table_new(output, columns, &table);
        if (r)
                return error_trace(r);

        for (size_t i = 0; i < json_size(jobs); i++) {
                JobView job = job_view_read(json_at(jobs, i));

                r = add_job(table, &job);
                if (r)
                        return error_trace(r);
        }

        fputc('\n', output->out);
        return table_print(table);
}

/* A NULL key goes on with the lines of the one above. */
static void _printf_(3, 4) print_line(const Output *output, const char *key, const char *format, ...) {
        va_list args;

        fprintf(output->out, "%*s%s ", KEY_WIDTH, key ? key : "", key ? ":" : " ");
        va_start(args, format);
        (void)vfprintf(output->out, format, args);
        va_end(args);
        fputc('\n', output->out);
}

/* Why the job has paused itself, and what to look at. */
static void print_stop(const Output *output, const JobView *job) {
        if (job->detail)
                print_line(output, NULL, "%s", job->detail);

        for (size_t i = 0; job->examples && i < json_size(job->examples); i++) {
                const JsonValue *example = json_at(job->examples, i);
                _cleanup_free_ char *id = output_foreign(json_get_string(example, "id", NULL));
                int64_t status = json_get_int(example, "status", 0);
                char number[CELL_SIZE];

                print_line(output, NULL, "such as %s: %s%s%s", id ? id : "?",
                        json_get_string(example, "reason", "?"), status ? " " : "",
                        status ? format_count(status, number) : "");
        }
}

static void print_head(const Output *output, const JobView *job) {
        Color color = output_state_color(job->state);

        fprintf(output->out, "%s%s%s\n", output_color(output, COLOR_STRONG), job->name,
                output_color_end(output, COLOR_STRONG));
        print_line(output, "State", "%s%s%s%s%s%s", output_color(output, color), job->state,
                output_color_end(output, color), job->reason ? " (" : "", job->reason ? job->reason : "",
                job->reason ? ")" : "");
        print_stop(output, job);
        print_line(output, "Collection", "%s", job->collection);
        print_line(output, "Id", "%s", job->id);
        print_line(output, "Generation", "%" PRId64, job->generation);
}

static void print_times(const Output *output, const JobView *job) {
        char text[WORDS_SIZE];

        print_line(output, "Created", "%s", job->created);
        if (job->started)
                print_line(output, "Started", "%s", job->started);
        if (job->ended)
                print_line(output, "Ended", "%s", job->ended);
        print_line(output, "Elapsed", "%s", words_duration(job->elapsed_s, text));
        if (job->eta_s >= 0)
                print_line(output, "ETA", "%s", words_duration(job->eta_s, text));
}

static void print_documents(const Output *output, const JobView *job) {
        char pending[CELL_SIZE] = "not counted yet";

        if (job->pending >= 0)
                format_count(job->pending, pending);

        if (job->total >= 0)
                print_line(output, "Documents", "%d%%, %" PRId64 " of %" PRId64, job_view_percent(job),
                        job_view_completed(job), job->total);
        else
                print_line(output, "Documents", "%" PRId64 " of a number that is not counted yet",
                        job_view_completed(job));

        print_line(output, NULL, "ok %" PRId64 ", failed %" PRId64 ", gone %" PRId64, job->ok, job->failed,
                job->gone);
        print_line(output, NULL,
                "in flight %" PRId64 ", to be retried %" PRId64 ", queued %" PRId64 ", pending %s",
                job->in_flight, job->retrying, job->queued, pending);
}

/* The limit that holds now, and what was asked for where that is another one. */
static char *format_rate(const JobView *job, char *text) {
        char rate[WORDS_SIZE], set[WORDS_SIZE];

        if (job->rate < 0)
                snprintf(text, CELL_SIZE, "no limit of the rate");
        else if (job->rate_set < 0 || job->rate_set == job->rate)
                snprintf(text, CELL_SIZE, "at most %s", words_rate(job->rate, rate));
        else
                snprintf(text, CELL_SIZE, "at most %s (set %s)", words_rate(job->rate, rate),
                        words_rate(job->rate_set, set));
        return text;
}

static void print_pace(const Output *output, const JobView *job) {
        char set[CELL_SIZE] = "", rate[2 * WORDS_SIZE], throughput[WORDS_SIZE];

        if (job->concurrency_set != job->concurrency)
                snprintf(set, sizeof(set), " (set %" PRId64 ")", job->concurrency_set);

        if (job->concurrency >= 0)
                print_line(
                        output, "Pace", "n %" PRId64 "%s, %s", job->concurrency, set, format_rate(job, rate));
        if (job_view_is(job, "running"))
                print_line(output, "Throughput", "%s%s%s", words_rate(job->throughput, throughput),
                        *job->limited_by ? ", limited by " : "", job->limited_by);
}

static void print_measures(const Output *output, const JobView *job) {
        char p50[WORDS_SIZE], p90[WORDS_SIZE], p99[WORDS_SIZE], max[WORDS_SIZE];

        print_line(output, "Attempts", "%" PRId64, job->attempts);
        if (job->p50_ms >= 0)
                print_line(output, "Latency", "p50 %s ms, p90 %s ms, p99 %s ms, max %s ms",
                        words_number(job->p50_ms, p50), words_number(job->p90_ms, p90),
                        words_number(job->p99_ms, p99), words_number(job->max_ms, max));
        print_line(output, "Window", "%" PRId64 " now, at most %" PRId64 " since reqd started",
                job->window_now, job->window_max);
}

static void print_failures(const Output *output, const JobView *job) {
        const char *key = "Failures";

        for (size_t i = 0; job->failures && i < json_size(job->failures); i++) {
                const char *name = json_key_at(job->failures, i);
                int64_t count = json_get_int(job->failures, name, 0);

                if (count == 0)
                        continue;

                print_line(
                        output, key, "%-14s %8" PRId64 "  %s", name, count, reason_help(reason_parse(name)));
                key = NULL;
        }
}

static void print_origins(const Output *output, const JobView *job) {
        for (size_t i = 0; job->origins && i < json_size(job->origins); i++) {
                const JsonValue *origin = json_at(job->origins, i);
                const char *until = json_get_string(origin, "until", NULL);

                print_line(output, i ? NULL : "Origins", "%s %s%s%s: %s",
                        json_get_string(origin, "origin", "?"), json_get_string(origin, "state", "?"),
                        until ? " until " : "", until ? until : "", json_get_string(origin, "reason", "?"));
        }
}

int status_print_job(const Output *output, const JsonValue *parameters) {
        JobView job = job_view_read(parameters);

        print_head(output, &job);
        print_times(output, &job);
        print_documents(output, &job);
        print_pace(output, &job);
        print_measures(output, &job);
        print_origins(output, &job);
        print_failures(output, &job);
        return 0;
}
