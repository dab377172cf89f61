/* The line that shows how far a job is. */

#include "ctl/progress.h"

#include <math.h>
#include <string.h>
#include <sys/ioctl.h>

#include "ctl/words.h"

#define BAR_LONG 20 /* cells of the bar, and of the one for a narrower line */
#define BAR_SHORT 10
#define PART_SIZE 256 /* bytes for one part of the line */
#define WIDTH_DEFAULT 80

/* In the order of the line. */
typedef enum Part {
        PART_NAME,
        PART_STATE,
        PART_BAR,
        PART_PERCENT,
        PART_COUNTS,
        PART_RATE,
        PART_OK,
        PART_FAILED,
        PART_IN_FLIGHT,
        PART_ETA,
        PART_LIMITED,
        _PART_N,
} Part;

typedef struct Line Line;

struct Line {
        char parts[_PART_N][PART_SIZE]; /* "" where there is nothing to say */
        bool short_bar;
        int percent; /* -1: unknown */
};

/* What goes first when there is no room. The bar is in it twice: it is shortened before it goes. */
static const Part drop_order[] = {
        PART_BAR,
        PART_LIMITED,
        PART_IN_FLIGHT,
        PART_OK,
        PART_BAR,
        PART_RATE,
        PART_COUNTS,
        PART_FAILED,
        PART_ETA,
        PART_STATE,
        PART_PERCENT,
};

static void fill_bar(Line *line, size_t cells) {
        size_t full = cells * (size_t)line->percent / 100;
        char *text = line->parts[PART_BAR];

        text[0] = '[';
        memset(text + 1, '#', full);
        memset(text + 1 + full, '.', cells - full);
        strcpy(text + 1 + cells, "]");
}

/* While the total is unknown, what is done stands where the percentage would, and stays as long as that. */
static void fill_amount(Line *line, const JobView *job, bool bar) {
        char completed[WORDS_SIZE], total[WORDS_SIZE];

        words_count(job_view_completed(job), completed);
        if (line->percent < 0) {
                snprintf(line->parts[PART_PERCENT], PART_SIZE, "%s so far", completed);
                return;
        }

        snprintf(line->parts[PART_PERCENT], PART_SIZE, "%d%%", line->percent);
        snprintf(line->parts[PART_COUNTS], PART_SIZE, "%s/%s", completed, words_count(job->total, total));
        if (bar)
                fill_bar(line, BAR_LONG);
}

static void fill_count(Line *line, Part part, const char *word, int64_t count) {
        char text[WORDS_SIZE];

        snprintf(line->parts[part], PART_SIZE, "%s %s", word, words_count(count, text));
}

static void fill(Line *line, const JobView *job, bool bar) {
        bool running = job_view_is(job, "running");
        char text[WORDS_SIZE];

        snprintf(line->parts[PART_NAME], PART_SIZE, "%s", job->name);
        fill_amount(line, job, bar);
        snprintf(line->parts[PART_RATE], PART_SIZE, "%s", words_rate(job->throughput, text));
        fill_count(line, PART_OK, "ok", job->ok);
        fill_count(line, PART_FAILED, "failed", job->failed);
        fill_count(line, PART_IN_FLIGHT, "in flight", job->in_flight);

        if (!running)
                snprintf(line->parts[PART_STATE], PART_SIZE, "%s", job->state);
        if (running && job->eta_s >= 0) /* in whole seconds: tenths would only flicker */
                snprintf(line->parts[PART_ETA], PART_SIZE, "ETA %s", words_duration(round(job->eta_s), text));
        if (running && *job->limited_by)
                snprintf(line->parts[PART_LIMITED], PART_SIZE, "(%s)", job->limited_by);
}

/* The percentage belongs to the bar and stands close to it. */
static size_t gap_before(const Line *line, Part part) {
        return part == PART_NAME ? 0 : part == PART_PERCENT && *line->parts[PART_BAR] ? 1 : 2;
}

static size_t line_width(const Line *line) {
        size_t width = 0;

        for (Part part = 0; part < _PART_N; part++)
                if (*line->parts[part])
                        width += gap_before(line, part) + strlen(line->parts[part]);

        return width;
}

static void drop(Line *line, Part part) {
        if (part == PART_BAR && *line->parts[part] && !line->short_bar) {
                line->short_bar = true;
                fill_bar(line, BAR_SHORT);
                return;
        }

        *line->parts[part] = '\0';
}

char *progress_line(const JobView *job, size_t width, bool bar) {
        _cleanup_free_ Line *line = calloc(1, sizeof(*line));
        char *text;
        size_t at = 0;

        if (!line)
                return NULL;

        line->percent = job_view_percent(job);
        fill(line, job, bar);
        for (size_t i = 0; i < ELEMENTSOF(drop_order) && line_width(line) > width; i++)
                drop(line, drop_order[i]);

        text = calloc(_PART_N, PART_SIZE + 2);
        if (!text)
                return NULL;

        for (Part part = 0; part < _PART_N; part++)
                if (*line->parts[part])
                        at += (size_t)sprintf(
                                text + at, "%*s%s", (int)gap_before(line, part), "", line->parts[part]);

        if (at > width)
                text[width] = '\0';
        return text;
}

/* One column stays free: terminals wrap when the last one is written. */
static size_t terminal_width(FILE *out) {
        struct winsize size = {};

        if (ioctl(fileno(out), TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
                return WIDTH_DEFAULT - 1;

        return size.ws_col - 1U;
}

void progress_show(Progress *progress, const JobView *job) {
        size_t width = progress->live ? terminal_width(progress->out) : PROGRESS_WIDTH_ANY;
        _cleanup_free_ char *line = progress_line(job, width, progress->live);

        if (!line)
                return;

        if (progress->live)
                fprintf(progress->out, "\r%s\033[K", line); /* the rest of the last one goes */
        else
                fprintf(progress->out, "%s\n", line);

        fflush(progress->out);
        progress->drawn = progress->live;
}

void progress_end(Progress *progress) {
        if (progress->drawn)
                fputc('\n', progress->out);

        progress->drawn = false;
}

void progress_clear(Progress *progress) {
        if (progress->drawn)
                fputs("\r\033[K", progress->out);

        fflush(progress->out);
        progress->drawn = false;
}
