#pragma once

#include <stdbool.h>

#include "ctl/args.h"

/* From what was typed to an exit code. One thread. */

/* Carries out what @args say. Returns an ExitCode, having told the user what is wrong; or a negative code. */
int run_command(const Args *args);

/* Whether run_command() knows what to do for it: every command that is not `later` must be known. Pure. */
bool run_knows(const char *command);
