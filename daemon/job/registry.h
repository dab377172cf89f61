#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "common/alloc.h"
#include "common/error.h"
#include "common/json.h"
#include "daemon/job/job.h"
#include "daemon/job/lease.h"
#include "daemon/job/services.h"
#include "daemon/job/unreadable.h"

/*
 * All jobs of the daemon: loads them, gives them turns, shares MaxInFlight among them, finds them by name.
 * Jobs belong to it; a pointer to one is good until the loop runs again. Thread: the loop's, callbacks too;
 * nothing here blocks.
 */

struct event;

typedef struct Registry Registry;
typedef struct RegistryListener RegistryListener;
typedef struct RegistryOptions RegistryOptions;

TAILQ_HEAD(JobList, Job);

struct RegistryOptions {
        struct event_base *base; /* these four outlive the registry */
        Store *store;
        Workers *workers;
        Engine *engine;
        uint32_t max_in_flight; /* requests, all jobs together */
        uint32_t max_jobs;      /* unfinished ones */
        uint64_t lease_us;      /* 0: LEASE_LENGTH_US */

        /* Another daemon owns the store's jobs: end. @why is taken over. */
        void (*lost)(UserError *why, void *userdata);
        void *userdata;
};

struct Registry {
        Services services;
        StoreLink link;
        OriginEvents origin_events;
        Lease lease;             /* without it no job is loaded */
        struct JobList jobs;     /* oldest first */
        struct JobList arriving; /* submitted, their records on the way into the store */
        UnreadableList unreadable;
        struct JobList leaving; /* deleted, with something still under way */
        struct event *turn;     /* gives all jobs a turn, soon */
        struct event *later;    /* the same when a rate lets the next request start */
        uint32_t max_jobs;
        bool loaded;  /* the store's jobs are here */
        bool refused; /* it does not give them, or not yet, and `refusal` says why */
        StoreFailure refusal;
        struct event *reload; /* when to ask for them again */
        void (*lost)(UserError *why, void *userdata);
        void *lost_userdata;
        bool draining;
        void (*drained)(void *userdata);
        void *drained_userdata;
        TAILQ_HEAD(, RegistryListener) listeners;
};

/* Who wants to know; its own, and in the list until registry_unlisten(). */
struct RegistryListener {
        /* A job came, its state or settings changed, or it came to rest. */
        void (*changed)(Job *job, void *userdata);
        void (*ready)(
                void *userdata); /* registry_ready() holds, and did not, or the store went or came back */
        void *userdata;
        TAILQ_ENTRY(RegistryListener) entry;
};

enum {
        _REGISTRY_E_SUCCESS,

        REGISTRY_E_NO_SUCH_JOB,
        REGISTRY_E_CONFLICT,
        REGISTRY_E_AWAY,    /* the store does not answer */
        REGISTRY_E_REFUSED, /* the store answered no */
        REGISTRY_E_BUSY,    /* MaxJobs */
};

/* @options: copied. Returns 0 or -ENOMEM. */
int registry_new(const RegistryOptions *options, Registry **ret_registry);

/*
 * The workers have ended (workers_free()); the engine and the store have not. Releases the lease on the store's
 * jobs, for which it may wait as long as the store takes. Accepts NULL.
 */
Registry *registry_free(Registry *registry);
DEFINE_FREEP(Registry, registry);

/*
 * Takes the lease on the store's jobs and loads them, however long it takes to get them; unfinished ones go on by
 * themselves.
 * Returns 0 or -ENOMEM.
 */
int registry_start(Registry *registry);

/* Whether questions about jobs can be answered: they are loaded, or it is known why not. */
static inline bool registry_ready(const Registry *registry) {
        return registry->loaded || registry->refused || registry->link.away;
}

/* Changes the limits of RegistryOptions; what is beyond them goes on. */
void registry_set_limits(Registry *registry, uint32_t max_in_flight, uint32_t max_jobs);

void registry_listen(Registry *registry, RegistryListener *listener);
void registry_unlisten(Registry *registry, RegistryListener *listener);

/*
 * Finds a job by name or id; NULL means the only unfinished one. Returns 0, or with @error filled
 * REGISTRY_E_NO_SUCH_JOB, _CONFLICT (several are meant), _AWAY or _REFUSED (the jobs are not loaded).
 */
int registry_find(Registry *registry, const char *name, Job **ret_job, UserError *error);

/*
 * Submits a job. @spec: only during the call. @done is called once, perhaps before this returns: with the job
 * (its record is stored) and r = 0, or with NULL, r = a REGISTRY_E_*, -EINVAL (wrong input) or -ENOMEM, and
 * @error, valid during the call. @created is false when the job was there already.
 */
typedef void (*registry_submit_fn)(void *userdata, int r, Job *job, bool created, const UserError *error);
void registry_submit(
        Registry *registry, const JsonValue *spec, bool paused, registry_submit_fn done, void *userdata);

/*
 * job_retry(), if the job may be at work again beside the unfinished ones. Returns 0; REGISTRY_E_CONFLICT,
 * _BUSY or -EINVAL with @error filled; -ENOMEM.
 */
int registry_retry(
        Registry *registry, Job *job, const char *reason, int status, const Actor *by, UserError *error);

/* Forgets an ended job; its outcomes stay. @by: who asked; copied. @done as above, without job; once r = 0 @job is gone. */
typedef void (*registry_delete_fn)(void *userdata, int r, const UserError *error);
void registry_delete(Registry *registry, Job *job, const Actor *by, registry_delete_fn done, void *userdata);

/*
 * Starts nothing more. Calls @drained, perhaps more than once, when everything in flight is stored and every
 * record is saved; never while the store is away and something is to be stored.
 */
void registry_drain(Registry *registry, void (*drained)(void *userdata), void *userdata);
