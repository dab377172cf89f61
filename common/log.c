/* What the program says about itself: levels, entries, and who writes them. */

#include "common/log.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "common/event.h"
#include "common/log_queue.h"
#include "common/log_sink.h"
#include "common/timeutil.h"
#include "common/utf8.h"

#define MESSAGE_BYTES_MIN 1024 /* of an entry that its fields cannot take */
#define STOP_WITHIN_US (2 * USEC_PER_SEC)

/*
 * A process has one standard error, so this is the one state that is not passed in. Only log_start() and
 * log_stop() change it, while nobody else runs.
 */
static struct {
        _Atomic LogLevel level;
        LogQueue *queue; /* NULL: whoever logs writes */
        bool given_up;
} state = { .level = LOG_LEVEL_INFO };

const char *const log_level_names[] = { "error", "warning", "notice", "info", "debug", NULL };

void log_init(LogLevel level) {
        log_set_level(level);
        log_sink_init();
}

void log_set_level(LogLevel level) {
        atomic_store(&state.level, level);
}

void log_start(void) {
        if (!state.queue && log_queue_new(log_sink_write, &state.queue))
                log_warning("no thread for the log: a reader that is stopped will stop the program");
}

void log_stop(void) {
        state.given_up = state.queue && !log_queue_stop(state.queue, STOP_WITHIN_US);
        if (!state.given_up)
                state.queue = log_queue_free(state.queue);
}

static bool is_shown(LogLevel level) {
        return level <= atomic_load(&state.level);
}

void log_entry_begin(LogEntry *entry, const Event *event) {
        entry->event = event;
        entry->level = event ? event->level : LOG_LEVEL_INFO;
        entry->len = 0;
        if (event)
                log_field(entry, "MESSAGE_ID", "%s", event->message_id);
}

/*
 * Appends "NAME=value", of which at most @most bytes with the NUL. Returns what it would have taken. What a
 * server or a document says is part of a value, and is not to look like another line or move the cursor.
 */
static size_t append(LogEntry *entry, const char *name, size_t most, const char *format, va_list args) {
        char *to = entry->text + entry->len;
        int head = snprintf(to, most, "%s=", name), body;

        if (head < 0 || (size_t)head >= most)
                return SIZE_MAX;

        body = vsnprintf(to + head, most - (size_t)head, format, args);
        utf8_make_printable(to + head);
        return body < 0 ? SIZE_MAX : (size_t)head + (size_t)body + 1;
}

void log_field(LogEntry *entry, const char *name, const char *format, ...) {
        size_t most = LOG_ENTRY_BYTES - MESSAGE_BYTES_MIN, size;
        va_list args;

        if (entry->len >= most)
                return;

        va_start(args, format);
        size = append(entry, name, most - entry->len, format, args);
        va_end(args);
        if (size <= most - entry->len)
                entry->len += size;
}

void log_field_count(LogEntry *entry, const char *name, uint64_t count) {
        log_field(entry, name, "%" PRIu64, count);
}

static void send(LogEntry *entry, const char *format, va_list args) {
        size_t room = LOG_ENTRY_BYTES - entry->len, size;

        if (!is_shown(entry->level) || state.given_up)
                return;

        size = append(entry, "MESSAGE", room, format, args);
        if (size == SIZE_MAX)
                return;

        entry->message = entry->len + strlen("MESSAGE=");
        entry->len += size < room ? size : room;
        entry->at_ms = time_wall_ms();
        if (state.queue)
                log_queue_put(state.queue, entry);
        else
                log_sink_write(entry, false);
}

void log_entry_send(LogEntry *entry, const char *format, ...) {
        va_list args;

        va_start(args, format);
        send(entry, format, args);
        va_end(args);
}

void log_write(LogLevel level, const char *format, ...) {
        LogEntry entry;
        va_list args;

        if (!is_shown(level))
                return;

        log_entry_begin(&entry, NULL);
        entry.level = level;
        va_start(args, format);
        send(&entry, format, args);
        va_end(args);
}
