#pragma once

#include <stdint.h>

#include "daemon/http/engine.h"
#include "daemon/job/origin_event.h"
#include "daemon/job/store_link.h"
#include "daemon/system/workers.h"

/*
 * What all jobs of a daemon share, handed to each flow. Owned by the registry; outlives every job. Thread:
 * the loop's.
 */

struct event_base;

typedef struct Services Services;

struct Services {
        struct event_base *base;
        Workers *workers;
        Engine *engine;
        StoreLink *link;
        OriginEvents *origin_events;
        uint32_t max_in_flight; /* all jobs together */

        void (*kick)(void *userdata); /* see services_kick() */
        void *userdata;
};

/* Something changed that may let a request start or a job end: asks for a turn of all jobs, from the loop. */
static inline void services_kick(const Services *services) {
        services->kick(services->userdata);
}
