#pragma once

#include <stdio.h>

#include "common/alloc.h"
#include "common/commands.h"
#include "common/option.h"

/* Help, written from the tables. No state; any thread, one at a time for each stream. */

/* "reqctl set [JOB] KEY=VALUE..."; to be freed, NULL without memory. */
char *help_usage(const Command *command);

/* All commands, the global options and the exit codes. */
void help_print_all(FILE *out);

/* One command and its options. @keys: those of a job file, for a command that takes or changes them. */
void help_print_command(FILE *out, const Command *command, const Option *keys);
