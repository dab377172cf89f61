/* The way of unexpected errors, and what people are told about wrong input. */

#include "common/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"

int error_trace_slow(int r, const char *function, const char *file, int line) {
        log_debug("%s:%d %s: %s", file, line, function, strerror(-r));
        return r;
}

int user_error_set(UserError *error, const char *where, const char *hint, const char *format, ...) {
        va_list args;

        if (error->message)
                return -EINVAL;

        va_start(args, format);
        if (vasprintf(&error->message, format, args) < 0)
                error->message = NULL;
        va_end(args);

        error->where = where ? strdup(where) : NULL;
        error->hint = hint ? strdup(hint) : NULL;
        return -EINVAL;
}

char *user_error_format(const UserError *error) {
        char *text;

        if (asprintf(&text, "%s%s%s%s%s%s", error->where ? error->where : "", error->where ? ": " : "",
                    error->message ? error->message : "out of memory", error->hint ? " (" : "",
                    error->hint ? error->hint : "", error->hint ? ")" : "") < 0)
                return NULL;

        return text;
}

void user_error_deinit(UserError *error) {
        free(error->where);
        free(error->message);
        free(error->hint);
        *error = (UserError) {};
}
