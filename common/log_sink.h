#pragma once

#include <stdbool.h>

#include "common/log.h"

/*
 * Where entries go: the journal where standard error is connected to it (see systemd.exec(5), JOURNAL_STREAM),
 * and standard error elsewhere, one line each. Values are printable by then (common/log.c). Writing may block.
 * Any thread.
 */

/* Finds out which of the two it is. Before, it is standard error. */
void log_sink_init(void);

/* @timed: a line begins with its time, as logs do; without it is a message to whoever typed the command. */
void log_sink_write(const LogEntry *entry, bool timed);
