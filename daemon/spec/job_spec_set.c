/* Changes of a job while it runs. */

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/nearest.h"
#include "daemon/spec/job_spec.h"

#define KEYS "concurrency, rate, timeout, attempts, limit or failures"

typedef struct Step Step;

struct Step {
        bool down;
        bool percent;
        double by;
};

/* Keys are flags, and `per_host` is how the one with a dash is typed behind `set`. */
static const Option *find_row(const char *key) {
        char flag[NEAREST_LENGTH_MAX + 1];

        snprintf(flag, sizeof(flag), "%s", key);
        for (char *p = flag; *p; p++)
                if (*p == '_')
                        *p = '-';

        return option_find_flag(job_spec_options, flag);
}

static int refuse_key(const char *key, UserError *error) {
        Nearest nearest = { .typed = key };
        char hint[NEAREST_LENGTH_MAX + 32];

        for (const Option *row = job_spec_options; row->path; row++)
                if (row->live && !row->later)
                        nearest_try(&nearest, row->flag + 2);

        snprintf(hint, sizeof(hint), "did you mean %s?", nearest.best ? nearest.best : "");
        return user_error_set(error, key, nearest.best ? hint : "write " KEYS, "there is no such setting");
}

/* "+10%", "-5"; false if @text is no such thing. */
static bool step_parse(const char *text, Step *ret_step) {
        char *end;
        double by;

        if ((*text != '+' && *text != '-') || !isdigit((unsigned char)text[1]))
                return false;

        by = (double)strtoull(text + 1, &end, 10);
        if (strcmp(end, "") != 0 && strcmp(end, "%") != 0)
                return false;

        *ret_step = (Step) { .down = *text == '-', .percent = *end == '%', .by = by };
        return true;
}

static double bounded(double value, double least, double most) {
        return value < least ? least : value > most ? most : value;
}

/* A step of at least one, so that +10% of 5 does something; never past the bounds. */
static int step_count(const Option *row, JobSpec *spec, Step step, const char *key, UserError *error) {
        uint64_t *count = (uint64_t *)(void *)((char *)spec + row->offset);
        double by = step.percent ? (double)*count * step.by / 100 : step.by,
               most = row->max ? (double)row->max : 1e15;

        if (*count == 0)
                return user_error_set(
                        error, key, "write a number", "there is none now that could be changed");

        by = round(by);
        if (by < 1 && step.by > 0)
                by = 1;

        *count = (uint64_t)bounded(
                (double)*count + (step.down ? -by : by), row->min ? (double)row->min : 1, most);
        return 0;
}

/* In the unit in which the rate reads best: 10% more than 100/h is 110/h, not 0.030556/s. */
static int step_rate(const Option *row, JobSpec *spec, Step step, const char *key, UserError *error) {
        _cleanup_free_ char *present = NULL;
        char text[64], *unit;
        double number;

        if (!step.percent)
                return user_error_set(error, key, "write +10%, or a rate such as 50/s",
                        "a rate is changed by percent only");

        if (spec->pace.rate == 0)
                return user_error_set(
                        error, key, "write a rate such as 50/s", "there is none now that could be changed");

        present = option_text(row, spec);
        if (!present)
                return -ENOMEM;

        number = strtod(present, &unit);
        number *= 1 + (step.down ? -step.by : step.by) / 100;
        snprintf(text, sizeof(text), "%.6g%s", number, unit);
        return option_set_text(row, spec, text, key, error);
}

int job_spec_set(JobSpec *spec, const char *key, const char *value, UserError *error) {
        const Option *row = find_row(key);
        Step step;

        if (!row)
                return refuse_key(key, error);

        if (!row->live)
                return user_error_set(error, key, "what can be changed: " KEYS,
                        "this cannot be changed while the job exists");

        if (!row->later && step_parse(value, &step)) {
                if (row->type == OPTION_COUNT)
                        return step_count(row, spec, step, key, error);
                if (row->type == OPTION_RATE)
                        return step_rate(row, spec, step, key, error);
        }

        return option_set_text(row, spec, value, key, error);
}
