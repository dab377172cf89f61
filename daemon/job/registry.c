/* All jobs of the daemon, and their turns. */

#include "daemon/job/registry.h"

#include <errno.h>
#include <event2/event.h>
#include <string.h>

#include "common/event.h"
#include "common/timeutil.h"
#include "daemon/job/registry_internal.h"

#define START_AT_ONCE 128 /* requests in one turn: between turns commands are answered */
#define LOAD_AGAIN_S 2    /* after the store refused to give its jobs */

typedef struct RegistryLoad RegistryLoad;

struct RegistryLoad {
        StoreWork work;
        Registry *registry;
        bson_t **records;
        size_t n;
};

static void kick(void *userdata) {
        Registry *registry = userdata;

        event_active(registry->turn, EV_TIMEOUT, 0);
}

void registry_set_limits(Registry *registry, uint32_t max_in_flight, uint32_t max_jobs) {
        registry->services.max_in_flight = max_in_flight;
        registry->max_jobs = max_jobs;
        kick(registry);
}

void registry_listen(Registry *registry, RegistryListener *listener) {
        TAILQ_INSERT_TAIL(&registry->listeners, listener, entry);
}

void registry_unlisten(Registry *registry, RegistryListener *listener) {
        TAILQ_REMOVE(&registry->listeners, listener, entry);
}

static void tell_ready(Registry *registry) {
        RegistryListener *listener;

        if (!registry_ready(registry))
                return;

        TAILQ_FOREACH(listener, &registry->listeners, entry)
                listener->ready(listener->userdata);
}

static void tell_changed(Registry *registry, Job *job) {
        RegistryListener *listener;

        TAILQ_FOREACH(listener, &registry->listeners, entry)
                listener->changed(job, listener->userdata);
}

static void on_link_changed(void *userdata) {
        Registry *registry = userdata;
        Job *job;

        TAILQ_FOREACH(job, &registry->jobs, entry) {
                if (registry->link.away)
                        saver_give_up(&job->saver);
                if (!job_ended(job))
                        tell_changed(registry, job);
        }
        tell_ready(registry);
        kick(registry);
}

static void on_job_changed(Job *job, void *userdata) {
        tell_changed(userdata, job);
}

void registry_add(Registry *registry, Job *job) {
        job->changed = on_job_changed;
        job->userdata = registry;
        TAILQ_INSERT_TAIL(&registry->jobs, job, entry);
        tell_changed(registry, job);
        kick(registry);
}

/* Of the jobs that may start a request, the one with the fewest in flight: fair shares of MaxInFlight. */
static Job *next_to_start(Registry *registry, uint64_t now_us, uint64_t *wait_us) {
        Job *job, *best = NULL;

        TAILQ_FOREACH(job, &registry->jobs, entry) {
                uint64_t job_wait_us;

                if (job_check(job, now_us, &job_wait_us) == LIMITED_BY_NOTHING) {
                        if (!best || job->pacing.in_flight < best->pacing.in_flight)
                                best = job;
                } else if (job_wait_us && job_wait_us < *wait_us)
                        *wait_us = job_wait_us;
        }

        return best;
}

static void start_requests(Registry *registry) {
        uint64_t now_us = time_now_us(), wait_us = UINT64_MAX;
        struct timeval later;
        Job *job;

        if (!store_link_lets_start(&registry->link))
                return; /* the lease's renewal gives the next turn */

        for (int i = 0;; i++) {
                if (i == START_AT_ONCE) {
                        kick(registry);
                        return;
                }

                /* Also where nothing more may start, so that each job says what keeps it from going faster. */
                wait_us = UINT64_MAX;
                job = next_to_start(registry, now_us, &wait_us);
                if (!job || engine_in_flight(registry->services.engine) >= registry->services.max_in_flight)
                        break;
                job_start_request(job, now_us);
        }

        if (wait_us == UINT64_MAX)
                return;

        later = time_as_timeval(wait_us);
        event_add(registry->later, &later);
}

/* A count of what a deleted job has stored may be under way. */
static bool may_go(Job *job) {
        if (job->flow)
                feeder_rest(&job->flow->feeder);

        return (!job->flow || flow_quiet(job->flow)) && saver_idle(&job->saver);
}

static void free_leaving(Registry *registry) {
        Job *job, *next;

        for (job = TAILQ_FIRST(&registry->leaving); job; job = next) {
                next = TAILQ_NEXT(job, entry);
                if (!may_go(job))
                        continue;
                TAILQ_REMOVE(&registry->leaving, job, entry);
                job_free(job);
        }
}

static bool is_drained(Job *job) {
        if (job->flow) {
                flow_hurry(job->flow);
                feeder_rest(&job->flow->feeder);
        }

        return job_settled(job) && saver_clean(&job->saver) &&
               (!job->flow || feeder_idle(&job->flow->feeder));
}

static void turn_draining(Registry *registry) {
        bool drained = true;
        Job *job;

        TAILQ_FOREACH(job, &registry->jobs, entry)
                drained &= is_drained(job);
        if (drained && registry->drained) /* nobody waits for that where the lease is lost */
                registry->drained(registry->drained_userdata);
}

/* What has failed is told in time, also where nothing else happens any more. */
static void turn_again_for_failures(Registry *registry) {
        uint64_t now_us = time_now_us(), wait_us = UINT64_MAX;
        struct timeval later;
        Job *job;

        TAILQ_FOREACH(job, &registry->jobs, entry) {
                uint64_t job_wait_us = failure_digest_wait_us(&job->failures, now_us);

                if (job_wait_us < wait_us)
                        wait_us = job_wait_us;
        }

        if (wait_us == UINT64_MAX)
                return;

        later = time_as_timeval(wait_us);
        event_add(registry->turn, &later);
}

static void on_turn(int fd, short what, void *userdata) {
        Registry *registry = userdata;
        Job *job;

        if (registry->draining) {
                turn_draining(registry);
                return;
        }

        TAILQ_FOREACH(job, &registry->jobs, entry)
                job_turn(job);
        start_requests(registry);
        free_leaving(registry);
        turn_again_for_failures(registry);
}

static void on_later(int fd, short what, void *userdata) {
        Registry *registry = userdata;

        if (!registry->draining)
                start_requests(registry);
}

static void load_one(Registry *registry, const bson_t *record) {
        _cleanup_(job_record_deinit) JobRecord parsed = {};
        _cleanup_(user_error_deinit) UserError error = {};
        _cleanup_free_ char *why = NULL;
        Job *job;

        if (job_record_from_bson(record, &parsed)) {
                unreadable_add(&registry->unreadable, record, "a part of it is missing or of another type");
                return;
        }

        if (job_restore(&registry->services, &parsed, &job, &error) == 0) {
                registry_add(registry, job);
                return;
        }

        why = user_error_format(&error);
        unreadable_add(&registry->unreadable, record, why ? why : "out of memory");
}

static int run_load(StoreWork *work, Store *store) {
        RegistryLoad *load = (RegistryLoad *)work;

        return store_job_load_all(store, &load->records, &load->n, &work->failure);
}

static void load_refused(Registry *registry, const StoreFailure *failure) {
        static const struct timeval later = { .tv_sec = LOAD_AGAIN_S };
        LogEntry entry;

        if (!registry->refused) {
                log_entry_begin(&entry, &events[EVENT_STORE_REFUSES]);
                log_field(&entry, "ERROR", "%d", failure->code);
                log_entry_send(&entry, "the store does not give its jobs: %s", failure->message);
        }
        registry->refused = true;
        registry->refusal = *failure;
        event_add(registry->reload, &later);
}

static void load_done(StoreWork *work, int r) {
        RegistryLoad *load = (RegistryLoad *)work;
        Registry *registry = load->registry;

        if (r)
                load_refused(registry, &work->failure);

        for (size_t i = 0; i < load->n; i++) {
                load_one(registry, load->records[i]);
                bson_destroy(load->records[i]);
        }
        free(load->records);
        free(load);
        registry->loaded = r == 0;
        registry->refused &= !registry->loaded;
        tell_ready(registry);
        kick(registry);
}

static void load_drop(StoreWork *work) {
        RegistryLoad *load = (RegistryLoad *)work;

        for (size_t i = 0; i < load->n; i++)
                bson_destroy(load->records[i]);
        free(load->records);
        free(load);
}

static int load_jobs(Registry *registry) {
        RegistryLoad *load = calloc(1, sizeof(*load));

        if (!load)
                return -ENOMEM;

        load->work = (StoreWork) { .run = run_load, .done = load_done, .drop = load_drop };
        load->registry = registry;
        store_link_submit(&registry->link, WORK_RECORD, &load->work);
        return 0;
}

static void on_reload(int fd, short what, void *userdata) {
        static const struct timeval later = { .tv_sec = LOAD_AGAIN_S };
        Registry *registry = userdata;

        if (load_jobs(registry))
                event_add(registry->reload, &later);
}

int registry_start(Registry *registry) {
        return lease_begin(&registry->lease);
}

static void on_lease_taken(void *userdata) {
        Registry *registry = userdata;

        registry->refused = false; /* whom it waited for has gone; what the store says to it comes anew */
        on_reload(-1, 0, registry);
}

static void on_lease_waits(const StoreFailure *failure, void *userdata) {
        Registry *registry = userdata;

        registry->refused = true;
        registry->refusal = *failure;
        tell_ready(registry);
}

static void on_lease_lost(UserError *why, void *userdata) {
        Registry *registry = userdata;

        registry->draining = true; /* nothing more starts */
        registry->lost(why, registry->lost_userdata);
}

static int init_events(Registry *registry, struct event_base *base) {
        registry->turn = evtimer_new(base, on_turn, registry);
        registry->later = evtimer_new(base, on_later, registry);
        registry->reload = evtimer_new(base, on_reload, registry);
        return registry->turn && registry->later && registry->reload ? 0 : -ENOMEM;
}

static int init_lease(Registry *registry, const RegistryOptions *options) {
        registry->lost = options->lost;
        registry->lost_userdata = options->userdata;
        registry->lease = (Lease) {
                .services = &registry->services,
                .taken = on_lease_taken,
                .waits = on_lease_waits,
                .lost = on_lease_lost,
                .userdata = registry,
        };
        return lease_init(&registry->lease, options->lease_us);
}

int registry_new(const RegistryOptions *options, Registry **ret_registry) {
        _cleanup_(registry_freep) Registry *registry = NULL;
        int r;

        registry = calloc(1, sizeof(*registry));
        if (!registry)
                return -ENOMEM;

        TAILQ_INIT(&registry->jobs);
        TAILQ_INIT(&registry->arriving);
        TAILQ_INIT(&registry->leaving);
        TAILQ_INIT(&registry->unreadable);
        TAILQ_INIT(&registry->listeners);
        registry->max_jobs = options->max_jobs;
        registry->services = (Services) {
                .base = options->base,
                .workers = options->workers,
                .engine = options->engine,
                .link = &registry->link,
                .origin_events = &registry->origin_events,
                .max_in_flight = options->max_in_flight,
                .kick = kick,
                .userdata = registry,
        };

        r = init_events(registry, options->base);
        if (r)
                return error_trace(r);

        engine_on_lookup_ended(options->engine, kick, registry);

        r = store_link_init(
                &registry->link, options->base, options->store, options->workers, on_link_changed, registry);
        if (!r)
                r = init_lease(registry, options);
        if (r)
                return error_trace(r);

        *ret_registry = TAKE_PTR(registry);
        return 0;
}

static void free_list(struct JobList *jobs) {
        Job *job;

        while ((job = TAILQ_FIRST(jobs))) {
                TAILQ_REMOVE(jobs, job, entry);
                job_free(job);
        }
}

Registry *registry_free(Registry *registry) {
        if (!registry)
                return NULL;

        engine_on_lookup_ended(registry->services.engine, NULL, NULL);
        free_list(&registry->jobs);
        free_list(&registry->arriving);
        free_list(&registry->leaving);
        unreadable_clear(&registry->unreadable);
        lease_deinit(&registry->lease);
        store_link_deinit(&registry->link);
        if (registry->turn)
                event_free(registry->turn);
        if (registry->later)
                event_free(registry->later);
        if (registry->reload)
                event_free(registry->reload);
        free(registry);
        return NULL;
}

void registry_drain(Registry *registry, void (*drained)(void *userdata), void *userdata) {
        registry->draining = true;
        registry->drained = drained;
        registry->drained_userdata = userdata;
        kick(registry);
}
