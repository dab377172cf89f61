/* Entries into the journal, or lines on standard error. */

#define SD_JOURNAL_SUPPRESS_LOCATION

#include "common/log_sink.h"

#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "common/timeutil.h"

#define FIELDS_MAX 64

static _Atomic bool to_journal; /* of the process, as its standard error is */

void log_sink_init(void) {
        const char *stream = getenv("JOURNAL_STREAM");
        uintmax_t device, inode;
        struct stat file;

        /* A program that this one was started by may have had its own; ours may lead elsewhere. */
        atomic_store(&to_journal, stream && sscanf(stream, "%" SCNuMAX ":%" SCNuMAX, &device, &inode) == 2 &&
                                          fstat(STDERR_FILENO, &file) == 0 && file.st_dev == device &&
                                          file.st_ino == inode);
}

/*
 * Not by stdio: exit() flushes what any thread has left in a stream, and would wait there for a reader that
 * is stopped.
 */
static void write_bytes(const char *bytes, size_t left) {
        while (left) {
                ssize_t n = write(STDERR_FILENO, bytes, left);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return;
                bytes += n;
                left -= (size_t)n;
        }
}

static void write_line(const LogEntry *entry, bool timed) {
        static const char *const marks[] = {
                [LOG_LEVEL_ERROR] = "error: ",
                [LOG_LEVEL_WARNING] = "warning: ",
                [LOG_LEVEL_NOTICE] = "",
                [LOG_LEVEL_INFO] = "",
                [LOG_LEVEL_DEBUG] = "debug: ",
        };
        char line[LOG_ENTRY_BYTES + 64], time[TIME_RFC3339_SIZE];
        int len;

        if (timed)
                len = snprintf(line, sizeof(line), "%s reqd: %s%s", time_format_rfc3339(entry->at_ms, time),
                        marks[entry->level], entry->text + entry->message);
        else
                len = snprintf(line, sizeof(line), "reqd: %s", entry->text + entry->message);

        if (len < 0 || (size_t)len >= sizeof(line))
                return;

        line[len] = '\n';
        write_bytes(line, (size_t)len + 1);
}

static void write_journal(const LogEntry *entry) {
        char priority[sizeof("PRIORITY=7")];
        struct iovec fields[FIELDS_MAX];
        int n = 0;

        snprintf(priority, sizeof(priority), "PRIORITY=%u", (unsigned)entry->level % 8);
        fields[n++] = (struct iovec) { priority, strlen(priority) };
        for (const char *at = entry->text; at < entry->text + entry->len && n < FIELDS_MAX;
                at += strlen(at) + 1)
                fields[n++] = (struct iovec) { (char *)(uintptr_t)at, strlen(at) };

        (void)sd_journal_sendv(fields, n);
}

/*
 * A plain message is a line even there, marked with its level (sd-daemon(3)). The journal knows whose line it
 * is by where it comes from; for a native entry it has to ask the process, which may have said its last words.
 */
static void write_marked_line(const LogEntry *entry) {
        char line[LOG_ENTRY_BYTES + 8];
        int len = snprintf(
                line, sizeof(line), "<%u>%s\n", (unsigned)entry->level % 8, entry->text + entry->message);

        if (len > 0 && (size_t)len < sizeof(line))
                write_bytes(line, (size_t)len);
}

void log_sink_write(const LogEntry *entry, bool timed) {
        if (!atomic_load(&to_journal))
                write_line(entry, timed);
        else if (entry->event)
                write_journal(entry);
        else
                write_marked_line(entry);
}
