/* Lines on stderr, marked with their level where journald reads them. */

#include "common/log.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

/* A process has one stderr, so its level is the one piece of state that is not passed in. */
static _Atomic LogLevel log_level = LOG_LEVEL_INFO;
static _Atomic bool log_for_journal;

void log_init(LogLevel level) {
        atomic_store(&log_level, level);
        atomic_store(&log_for_journal, getenv("JOURNAL_STREAM") != NULL);
}

void log_write(LogLevel level, const char *format, ...) {
        char line[2048];
        va_list args;

        if (level > atomic_load(&log_level))
                return;

        va_start(args, format);
        (void)vsnprintf(line, sizeof(line), format, args);
        va_end(args);

        if (atomic_load(&log_for_journal))
                fprintf(stderr, "<%d>%s\n", level, line);
        else
                fprintf(stderr, "reqd: %s\n", line);
}
