#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "common/alloc.h"
#include "common/error.h"
#include "common/json.h"
#include "daemon/job/job.h"
#include "daemon/job/services.h"

/*
 * All jobs of the daemon: loads them, gives them turns, shares MaxInFlight among them, finds them by name.
 * Thread: the loop's.
 */

struct event;

typedef struct Registry Registry;
typedef struct RegistryOptions RegistryOptions;

TAILQ_HEAD(JobList, Job);

struct RegistryOptions {
        struct event_base *base;
        Store *store;
        Workers *workers;
        Engine *engine;
        uint32_t max_in_flight;
        uint32_t max_jobs; /* unfinished ones */
};

struct Registry {
        Services services;
        StoreLink link;
        struct JobList jobs;     /* oldest first */
        struct JobList arriving; /* submitted, their records on the way into the store */
        struct JobList leaving;  /* deleted, with something still under way */
        struct event *turn;      /* gives all jobs a turn, soon */
        struct event *later;     /* the same when a rate lets the next request start */
        uint32_t max_jobs;
        bool loaded;  /* the store's jobs are here */
        bool refused; /* it does not give them, and `refusal` says why */
        StoreFailure refusal;
        struct event *reload; /* when to ask for them again */
        bool draining;
        void (*drained)(void *userdata);
        void *drained_userdata;
        void (*changed)(
                Job *job, void *userdata); /* a job's state or settings changed; NULL: nobody listens */
        void (*ready)(void *userdata);     /* registry_ready() has become true */
        void *listener;                    /* userdata of both */
};

enum {
        _REGISTRY_E_SUCCESS,

        REGISTRY_E_NO_SUCH_JOB,
        REGISTRY_E_CONFLICT,
        REGISTRY_E_AWAY,    /* the store does not answer */
        REGISTRY_E_REFUSED, /* the store answered no */
        REGISTRY_E_BUSY,    /* MaxJobs */
};

int registry_new(const RegistryOptions *options, Registry **ret_registry);

/* The workers have ended (workers_free()). Accepts NULL. */
Registry *registry_free(Registry *registry);
DEFINE_FREEP(Registry, registry);

/* Begins loading the store's jobs; unfinished ones go on by themselves, however long the store takes to answer. */
int registry_start(Registry *registry);

/* Whether questions about jobs can be answered: they are loaded, or it is known why not. */
static inline bool registry_ready(const Registry *registry) {
        return registry->loaded || registry->refused || registry->link.away;
}

/*
 * Finds a job by name or id; NULL means the only unfinished one. 0, or REGISTRY_E_NO_SUCH_JOB, _CONFLICT (several are
 * meant), _AWAY or _REFUSED (not loaded yet) with @error filled.
 */
int registry_find(Registry *registry, const char *name, Job **ret_job, UserError *error);

/*
 * Submits a job. @done is called once, perhaps before this returns: with the job (its record is stored) and
 * r = 0, or with NULL and r = a REGISTRY_E_* or -EINVAL (wrong input) and @error filled, valid during the call.
 * @created is false when the job was there already.
 */
typedef void (*registry_submit_fn)(void *userdata, int r, Job *job, bool created, const UserError *error);
void registry_submit(
        Registry *registry, const JsonValue *spec, bool paused, registry_submit_fn done, void *userdata);

/*
 * job_retry(), where an ended job may be at work again beside the unfinished ones. 0; REGISTRY_E_CONFLICT, _BUSY or
 * -EINVAL with @error filled.
 */
int registry_retry(Registry *registry, Job *job, const char *reason, int status, UserError *error);

/* Forgets an ended job. @done as above, without job. */
typedef void (*registry_delete_fn)(void *userdata, int r, const UserError *error);
void registry_delete(Registry *registry, Job *job, registry_delete_fn done, void *userdata);

/* Starts nothing more; calls @drained once everything in flight is stored and every record is saved. */
void registry_drain(Registry *registry, void (*drained)(void *userdata), void *userdata);
