#pragma once

#include <stdint.h>

#include "common/alloc.h"
#include "daemon/job/registry.h"

/*
 * The daemon as a service: tells the manager when clients may call, what the daemon is doing, and that its loop
 * turns; see daemon/system/notify.h. Without a manager all of this does nothing. Thread: the loop's.
 */

struct event_base;

typedef struct Service Service;
typedef struct ServiceOptions ServiceOptions;

struct ServiceOptions {
        struct event_base *base; /* these two outlive it */
        Registry *registry;
        uint64_t patience_us; /* how long the store may take before the daemon is ready without it */
};

/*
 * Ready is who has the store's jobs, or has waited `patience_us` for them: units that come after it are not
 * held up for good by a store that comes up later, and the daemon goes on waiting. Returns 0 or -ENOMEM.
 */
int service_new(const ServiceOptions *options, Service **ret_service);
Service *service_free(Service *service);
DEFINE_FREEP(Service, service);

/* Around a reload. */
void service_reloading(Service *service);
void service_reloaded(Service *service);

/* From now on what is in flight ends; the manager waits for as long as that goes on. */
void service_ending(Service *service);

/* The loop is over, and what is left is to wait for the store's calls under way. */
void service_ended(Service *service);
