#pragma once

#include <stdbool.h>

#include "common/alloc.h"

/*
 * Two kinds of error.
 *
 * Unexpected ones are negative errno-like codes: a function that gets one hands it on through
 * error_trace(), so that the log shows the way it took. Expected outcomes are positive values of a
 * named enum and are handled by the direct caller.
 *
 * A UserError is what a person is told about wrong input: what is wrong, where, and what to type
 * instead. It belongs to the caller, starts zeroed, and is emptied by user_error_deinit().
 */

typedef struct UserError UserError;

struct UserError {
        char *where;   /* `request.headers[2]`, `reqd.conf:14`; NULL where the message says it all */
        char *message; /* one sentence without a full stop */
        char *hint;    /* what to type instead, or NULL */
};

#define error_trace(_r)                                                                                      \
        ({                                                                                                   \
                int _traced = (_r);                                                                          \
                _traced >= 0 ? _traced : error_trace_slow(_traced, __func__, __FILE__, __LINE__);            \
        })

/* Logs one step of a negative code's way up, at debug level. Any thread. Returns @r. */
int error_trace_slow(int r, const char *function, const char *file, int line);

/*
 * Fills @error, which keeps its first content: the first thing that was wrong is the one to tell.
 * @where and @hint are copied and may be NULL. Any thread. Always returns -EINVAL, so that a caller
 * can write `return user_error_set(...)`.
 */
int user_error_set(UserError *error, const char *where, const char *hint, const char *format, ...)
        _printf_(4, 5);

/* "where: message (hint)"; a new string for the caller to free, NULL without memory. */
char *user_error_format(const UserError *error);

void user_error_deinit(UserError *error);
