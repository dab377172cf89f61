#pragma once

#include <stdbool.h>

#include "common/alloc.h"
#include "common/error.h"
#include "daemon/spec/config.h"

/*
 * The daemon: everything that runs, built and torn down in one place, in one order. Thread: the main one,
 * which is the loop's.
 */

typedef struct Daemon Daemon;

/*
 * Builds it from @config (taken over on success), which config_read() made of @arguments; a reload reads them
 * again, so they outlive the daemon. 0; -EINVAL with @error filled; another negative code.
 */
int daemon_new(const ConfigArguments *arguments, Config *config, Daemon **ret_daemon, UserError *error);

/*
 * After daemon_run(): waits for calls of the store that are under way, for a quarter of a minute. False: one of them
 * hangs, and its thread is in the middle of a library; then the process ends as it is, by _exit(2), which is as safe
 * as a kill.
 */
bool daemon_end_calls(Daemon *daemon);

/* Waits for calls of the store that are under way, however long. Accepts NULL. */
Daemon *daemon_free(Daemon *daemon);
DEFINE_FREEP(Daemon, daemon);

/*
 * Runs until SIGTERM or SIGINT: then nothing more starts, what is in flight ends and is stored, for at most
 * 30 seconds; a second signal ends at once. SIGHUP reloads the configuration. Or until another daemon owns the
 * store's jobs. Returns 0; -EBUSY with @error filled; another negative code.
 */
int daemon_run(Daemon *daemon, UserError *error);
