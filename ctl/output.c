/* Where a command's words go, and in which colors. */

#include "ctl/output.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "common/utf8.h"

static const char *const colors[] = {
        [COLOR_NONE] = "",
        [COLOR_GOOD] = "\033[32m",
        [COLOR_ATTENTION] = "\033[33m",
        [COLOR_BAD] = "\033[31m",
        [COLOR_STRONG] = "\033[1m",
};

static const struct {
        const char *state;
        Color color;
} state_colors[] = {
        { "running", COLOR_GOOD },
        { "paused", COLOR_ATTENTION },
        { "cancelled", COLOR_BAD },
};

static bool terminal_is_dumb(void) {
        const char *term = getenv("TERM");

        return !term || strcmp(term, "dumb") == 0;
}

/* no-color.org: any value but the empty one. */
static bool colors_unwanted(void) {
        const char *no_color = getenv("NO_COLOR");

        return no_color && *no_color;
}

void output_init(Output *output, const Args *args) {
        *output = (Output) {
                .out = stdout,
                .json = args->json,
                .color =
                        !args->no_color && !colors_unwanted() && !terminal_is_dumb() && isatty(STDOUT_FILENO),
        };
}

bool output_live(void) {
        return isatty(STDERR_FILENO) && !terminal_is_dumb();
}

void output_clear_line(void) {
        if (output_live())
                fputs("\r\033[K", stderr);
}

void output_error(const UserError *error) {
        _cleanup_free_ char *text = user_error_format(error);

        fprintf(stderr, "reqctl: %s\n", text ? text : "out of memory");
}

void output_message(const char *format, ...) {
        va_list args;

        fputs("reqctl: ", stderr);
        va_start(args, format);
        (void)vfprintf(stderr, format, args);
        va_end(args);
        fputc('\n', stderr);
}

void output_note(const char *format, ...) {
        va_list args;

        va_start(args, format);
        (void)vfprintf(stderr, format, args);
        va_end(args);
        fputc('\n', stderr);
}

char *output_foreign(const char *text) {
        char *copy = text ? strdup(text) : NULL;

        if (copy)
                utf8_make_printable(copy);
        return copy;
}

const char *output_color(const Output *output, Color color) {
        return output->color ? colors[color] : "";
}

const char *output_color_end(const Output *output, Color color) {
        return output->color && color != COLOR_NONE ? "\033[0m" : "";
}

Color output_state_color(const char *state) {
        for (size_t i = 0; i < ELEMENTSOF(state_colors); i++)
                if (strcmp(state_colors[i].state, state) == 0)
                        return state_colors[i].color;

        return COLOR_NONE;
}
