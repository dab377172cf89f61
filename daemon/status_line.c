/* The daemon in one line. */

#include "daemon/status_line.h"

#include <stdarg.h>
#include <stdio.h>

#include "common/alloc.h"

static void append(char *line, size_t *n, const char *format, ...) _printf_(3, 4);

static void append(char *line, size_t *n, const char *format, ...) {
        va_list args;
        int added;

        va_start(args, format);
        added = vsnprintf(line + *n, STATUS_LINE_SIZE - *n, format, args);
        va_end(args);

        if (added > 0)
                *n = *n + (size_t)added < STATUS_LINE_SIZE ? *n + (size_t)added : STATUS_LINE_SIZE - 1;
}

static void append_left(double s, char *line, size_t *n) {
        if (s < 90)
                append(line, n, ", %.0f s left", s);
        else if (s < 90 * 60)
                append(line, n, ", %.0f min left", s / 60);
        else if (s < 48 * 3600)
                append(line, n, ", %.1f h left", s / 3600);
        else
                append(line, n, ", %.0f days left", s / 86400);
}

static void append_work(const StatusLine *status, char *line, size_t *n) {
        if (status->total_known && status->total)
                append(line, n, ": %.0f%% of %llu documents",
                        100.0 * (double)status->done / (double)status->total,
                        (unsigned long long)status->total);
        else
                append(line, n, ": %llu documents", (unsigned long long)status->done);

        append(line, n, ", %.0f/s", status->rate);
        if (status->eta_s >= 0)
                append_left(status->eta_s, line, n);
}

static void append_jobs(const StatusLine *status, char *line, size_t *n) {
        if (!status->running && !status->paused) {
                append(line, n, "no unfinished jobs");
                return;
        }

        if (status->running)
                append(line, n, "%u job%s running", status->running, status->running == 1 ? "" : "s");
        if (status->paused && status->running)
                append(line, n, ", %u paused", status->paused);
        else if (status->paused)
                append(line, n, "%u job%s paused", status->paused, status->paused == 1 ? "" : "s");
}

char *status_line_format(const StatusLine *status, char *line) {
        size_t n = 0;

        *line = '\0';
        if (status->ending) {
                append(line, &n, "ending: %u requests in flight", status->in_flight);
                return line;
        }

        if (status->loaded)
                append_jobs(status, line, &n);
        if (status->complaint)
                append(line, &n, "%swaiting for the store: %s", n ? "; " : "", status->complaint);
        else if (!status->loaded)
                append(line, &n, "waiting for the store");
        else if (status->running)
                append_work(status, line, &n);

        return line;
}
