#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/alloc.h"

/*
 * What the program says about itself, one entry an event and never one a request.
 *
 * Where standard error is the journal's, entries go there with their fields; elsewhere they are lines on
 * standard error. Once log_start() was called a thread of its own writes them, so that nobody else waits for
 * a reader that is slow or stopped: what does not fit into a bounded queue is dropped, and counted in an
 * entry of its own. Any thread may log. Secrets are never passed to these functions.
 */

typedef struct Event Event;
typedef struct LogEntry LogEntry;

typedef enum LogLevel {
        LOG_LEVEL_ERROR = 3, /* the values are syslog's */
        LOG_LEVEL_WARNING = 4,
        LOG_LEVEL_NOTICE = 5,
        LOG_LEVEL_INFO = 6,
        LOG_LEVEL_DEBUG = 7,
} LogLevel;

/* "error" to "debug", from LOG_LEVEL_ERROR on; NULL-terminated. */
extern const char *const log_level_names[];

#define LOG_ENTRY_BYTES 4096

/* An entry with fields, while it is put together on its writer's stack. */
struct LogEntry {
        const Event *event; /* NULL: none in particular */
        LogLevel level;
        int64_t at_ms;              /* wall time, when it was sent */
        size_t message;             /* where in `text` the message begins */
        size_t len;                 /* of `text` */
        char text[LOG_ENTRY_BYTES]; /* "NAME=value" strings, one after the other, each with its NUL */
};

/* Sets what is shown (LOG_LEVEL_INFO at first) and finds out where standard error leads. Call once, first. */
void log_init(LogLevel level);

/* What is shown from now on. */
void log_set_level(LogLevel level);

/* Leaves the writing to a thread from now on. Without the means for one it stays as it is. */
void log_start(void);

/*
 * Waits until everything is written, at most two seconds; then what is left is given up, and so is everything
 * that is logged later.
 */
void log_stop(void);

void log_write(LogLevel level, const char *format, ...) _printf_(2, 3);

#define log_error(...) log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...) log_write(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...) log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)

/*
 * An entry for the journal: begin, fields, send. @name: upper case letters, digits and underlines (see
 * systemd.journal-fields(7)). A field that does not fit any more is left out, a message is cut off. The
 * message says all that a reader of standard error needs.
 */
void log_entry_begin(LogEntry *entry, const Event *event);
void log_field(LogEntry *entry, const char *name, const char *format, ...) _printf_(3, 4);
void log_field_count(LogEntry *entry, const char *name, uint64_t count);
void log_entry_send(LogEntry *entry, const char *format, ...) _printf_(2, 3);
