#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "common/alloc.h"
#include "common/error.h"
#include "common/json.h"
#include "ctl/args.h"
#include "ctl/job_view.h"

/*
 * Where a command's words go: data to stdout, messages to stderr, as one JSON object a line or as text for
 * people. Any thread, one at a time for each Output.
 */

typedef struct Output Output;

typedef enum Color {
        COLOR_NONE,
        COLOR_GOOD,
        COLOR_ATTENTION,
        COLOR_BAD,
        COLOR_STRONG,
} Color;

struct Output {
        FILE *out;
        bool json;
        bool color; /* of @out */
};

/* stdout, as the arguments and the environment want it. */
void output_init(Output *output, const Args *args);

/* Whether messages on stderr may be redrawn in place. */
bool output_live(void);

/* Takes away what stands on such a line; nothing where there is none. */
void output_clear_line(void);

/* "reqctl: where: message (hint)" on stderr. */
void output_error(const UserError *error);

/* "reqctl: ..." on stderr. */
void output_message(const char *format, ...) _printf_(1, 2);

/* A line on stderr that is no complaint. */
void output_note(const char *format, ...) _printf_(1, 2);

/*
 * A copy, the caller's, of text that somebody else wrote, such as a server or a document: nothing in it moves
 * the cursor or says more than the line it stands in. NULL if @text is, or without memory.
 */
char *output_foreign(const char *text);

/* The escape sequences around a colored text; "" without colors. Static. */
const char *output_color(const Output *output, Color color);
const char *output_color_end(const Output *output, Color color);

/* What color a job's state has. */
Color output_state_color(const char *state);

/*
 * output_json.c: a reply's parameters on one line, flushed, so that streams can be read as they come.
 * -ENOMEM.
 */
int output_json(const Output *output, const JsonValue *parameters);

/*
 * output_text.c: what is said about the reply of a command that changes something, or that prints a plain
 * list. Each returns 0 or a negative code.
 */
int output_text_job(const Output *output, const JsonValue *parameters);
int output_text_retry(const Output *output, const JsonValue *parameters);
int output_text_set(const Output *output, const JsonValue *parameters);
int output_text_show(const Output *output, const JsonValue *parameters);
int output_text_config(const Output *output, const JsonValue *parameters);

/* The array of that name in a reply; NULL if there is none. */
const JsonValue *output_list(const JsonValue *parameters, const char *name);

/* "samples: paused (limit reached)" without a line's end. */
void output_text_state(const Output *output, const JobView *job);
