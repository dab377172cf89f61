#pragma once

#include "common/alloc.h"

/* Signals as events of the loop. Thread: the loop's. */

struct event_base;

typedef struct Signals Signals;

/* Calls @ended, from the loop, for each SIGTERM and SIGINT; ignores SIGPIPE. Returns 0 or -ENOMEM. */
int signals_new(
        struct event_base *base, void (*ended)(void *userdata), void *userdata, Signals **ret_signals);

/* From then on both are blocked: the program is about to exit. Accepts NULL. */
Signals *signals_free(Signals *signals);
DEFINE_FREEP(Signals, signals);
