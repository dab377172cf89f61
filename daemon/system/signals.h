#pragma once

#include "common/alloc.h"

/* Signals as events of the loop. Thread: the loop's. */

struct event_base;

typedef struct Signals Signals;

typedef void (*signal_fn)(void *userdata);

/*
 * Calls @ended, from the loop, for each SIGTERM and SIGINT, and @reload for SIGHUP; ignores SIGPIPE. Returns 0
 * or -ENOMEM.
 */
int signals_new(
        struct event_base *base, signal_fn ended, signal_fn reload, void *userdata, Signals **ret_signals);

/* From then on all three are blocked: the program is about to exit. Accepts NULL. */
Signals *signals_free(Signals *signals);
DEFINE_FREEP(Signals, signals);
