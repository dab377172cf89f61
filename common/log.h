#pragma once

#include <stdarg.h>
#include <stdbool.h>

#include "common/alloc.h"

/*
 * What the program says about itself, one line an event and never one a request.
 *
 * Lines go to stderr; where stderr is journald's they begin with the level in angle brackets, as
 * sd-daemon(3) describes. Any thread may log. Secrets are never passed to these functions.
 */

typedef enum LogLevel {
        LOG_LEVEL_ERROR = 3, /* the values are syslog's */
        LOG_LEVEL_WARNING = 4,
        LOG_LEVEL_NOTICE = 5,
        LOG_LEVEL_INFO = 6,
        LOG_LEVEL_DEBUG = 7,
} LogLevel;

/* Sets what is shown from now on (LOG_LEVEL_INFO at first) and finds out where stderr leads. Call once. */
void log_init(LogLevel level);

void log_write(LogLevel level, const char *format, ...) _printf_(2, 3);

#define log_error(...) log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...) log_write(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...) log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)
