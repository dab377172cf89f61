/* The daemon: what runs, in the order in which it is built; it is torn down in the reverse. */

#include "daemon/daemon.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/thread.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/event.h"
#include "common/timeutil.h"
#include "daemon/control/control.h"
#include "daemon/http/egress.h"
#include "daemon/http/engine.h"
#include "daemon/job/registry.h"
#include "daemon/reload.h"
#include "daemon/service.h"
#include "daemon/settings.h"
#include "daemon/store/store.h"
#include "daemon/system/activation.h"
#include "daemon/system/signals.h"
#include "daemon/system/workers.h"

#define DRAIN_S 30
#define CALLS_S 15 /* longer than any call of the store that writes; a read may take minutes */
#define PATIENCE_US (60 * USEC_PER_SEC) /* with a store that is not there at the start; see service_new() */

struct Daemon {
        const ConfigArguments *arguments;
        Config *config;
        DescriptorBudget budget;
        struct event_base *base;
        Store *store;
        Workers *workers;
        Egress *egress;
        Engine *engine;
        Registry *registry;
        Control *control;
        Service *service;
        Signals *signals;
        struct event *deadline;
        struct event *leave;
        bool ending;
        bool ended;    /* the loop is about to be left */
        UserError why; /* it ended by itself */
};

/* Priority 0 is for clients and signals, so that load never keeps them waiting; 1 for everything else. */
static int open_base(Daemon *daemon) {
        static const struct timeval dispatch_at_most = { .tv_usec = 5000 };
        struct event_config *options;

        if (evthread_use_pthreads() < 0)
                return -ENOMEM;

        options = event_config_new();
        if (!options)
                return -ENOMEM;

        event_config_set_max_dispatch_interval(options, &dispatch_at_most, 100, 1);
        daemon->base = event_base_new_with_config(options);
        event_config_free(options);
        if (!daemon->base || event_base_priority_init(daemon->base, 2) < 0)
                return -ENOMEM;

        return 0;
}

static int open_store(Daemon *daemon, UserError *error) {
        StoreOptions options = { .page_documents = daemon->config->store.page_documents };
        _cleanup_free_ char *uri = NULL;
        int r;

        r = config_store_uri(daemon->config, &uri, error);
        return r ? r : store_open(uri, &options, &daemon->store, error);
}

static int open_engine(Daemon *daemon) {
        EngineOptions options = {
                .max_in_flight = daemon->budget.max_in_flight,
                .max_idle = daemon->budget.max_idle,
                .ca_file = daemon->config->network.ca_file,
                .user_agent = "reqd/" REQD_VERSION,
                .proxy = daemon->config->network.proxy,
                .egress = daemon->egress,
        };

        return engine_new(daemon->base, &options, &daemon->engine);
}

static void on_leave(int fd, short what, void *userdata) {
        Daemon *daemon = userdata;

        event_base_loopbreak(daemon->base);
}

/*
 * The loop ends once libevent has let go of the clients, which it does at a higher priority than that of the
 * timer.
 */
static void leave_loop(Daemon *daemon) {
        static const struct timeval soon = {};

        daemon->ended = true;
        control_close(daemon->control);
        event_add(daemon->leave, &soon);
}

static void on_lost(UserError *why, void *userdata) {
        Daemon *daemon = userdata;

        user_error_deinit(&daemon->why);
        daemon->why = *why;
        leave_loop(daemon);
}

static int open_registry(Daemon *daemon) {
        RegistryOptions options = {
                .base = daemon->base,
                .store = daemon->store,
                .workers = daemon->workers,
                .engine = daemon->engine,
                .max_in_flight = daemon->budget.max_in_flight,
                .max_jobs = (uint32_t)daemon->config->limits.max_jobs,
                .lease_us = daemon->config->store.lease_us,
                .lost = on_lost,
                .userdata = daemon,
        };

        return registry_new(&options, &daemon->registry);
}

/* Where the socket is when nobody says: the service's runtime directory, root's, or the user's own. */
static char *default_socket(void) {
        const char *directory = getenv("RUNTIME_DIRECTORY");
        char *path;

        if (!directory && geteuid() != 0)
                directory = getenv("XDG_RUNTIME_DIR");
        if (asprintf(&path, "%s/reqd.sock", directory ? directory : "/run/reqd") < 0)
                return NULL;

        return path;
}

static int open_control(Daemon *daemon, UserError *error) {
        const char *configured = daemon->config->control.socket;
        _cleanup_free_ char *path = configured ? strdup(configured) : default_socket();
        ControlOptions options = {
                .base = daemon->base,
                .registry = daemon->registry,
                .config = daemon->config,
                .socket = path,
                .max_clients = (uint32_t)daemon->config->control.max_clients,
        };
        LogEntry entry;
        int r;

        if (!path)
                return -ENOMEM;

        r = activation_take(&options.fd, error);
        if (!r)
                r = control_new(&options, &daemon->control, error);
        if (r)
                return r;

        log_entry_begin(&entry, &events[EVENT_STARTED]);
        log_field(&entry, "VERSION", "%s", REQD_VERSION);
        log_field(&entry, "STORE", "%s", store_address(daemon->store));
        log_entry_send(&entry, "reqd " REQD_VERSION " listens on %s, store %s",
                options.fd < 0 ? path : "the socket of its unit", store_address(daemon->store));
        return 0;
}

static int open_service(Daemon *daemon) {
        ServiceOptions options = {
                .base = daemon->base,
                .registry = daemon->registry,
                .patience_us = PATIENCE_US,
        };

        return service_new(&options, &daemon->service);
}

static void on_drained(void *userdata) {
        Daemon *daemon = userdata;
        LogEntry entry;

        if (daemon->ended)
                return;

        service_ended(daemon->service);
        log_entry_begin(&entry, &events[EVENT_STOPPED]);
        log_entry_send(&entry, "ended: everything in flight is stored");
        leave_loop(daemon);
}

static void cut_short(Daemon *daemon) {
        LogEntry entry;

        if (daemon->ended)
                return;

        service_ended(daemon->service);
        log_entry_begin(&entry, &events[EVENT_DRAIN_CUT_SHORT]);
        log_field_count(&entry, "IN_FLIGHT", engine_in_flight(daemon->engine));
        log_entry_send(&entry,
                "ended with %u requests in flight: not everything is stored, and those documents are sent "
                "again at the next start",
                engine_in_flight(daemon->engine));
        leave_loop(daemon);
}

static void on_deadline(int fd, short what, void *userdata) {
        cut_short(userdata);
}

static void on_end(void *userdata) {
        static const struct timeval deadline = { .tv_sec = DRAIN_S };
        Daemon *daemon = userdata;
        LogEntry entry;

        if (daemon->ended)
                return;
        if (daemon->ending) {
                cut_short(daemon);
                return;
        }

        daemon->ending = true;
        log_entry_begin(&entry, &events[EVENT_STOPPING]);
        log_field_count(&entry, "IN_FLIGHT", engine_in_flight(daemon->engine));
        log_entry_send(&entry, "ending: %u requests in flight", engine_in_flight(daemon->engine));
        service_ending(daemon->service);
        event_add(daemon->deadline, &deadline);
        registry_drain(daemon->registry, on_drained, daemon);
}

static void on_reload(void *userdata) {
        Daemon *daemon = userdata;
        ReloadParts parts = {
                .config = daemon->config,
                .egress = daemon->egress,
                .engine = daemon->engine,
                .registry = daemon->registry,
                .control = daemon->control,
        };

        if (daemon->ending || daemon->ended)
                return;

        service_reloading(daemon->service);
        reload(&parts, daemon->arguments);
        service_reloaded(daemon->service);
}

static int build(Daemon *daemon, UserError *error) {
        int r;

        r = settings_check(daemon->config, error);
        if (!r)
                r = open_base(daemon);
        if (!r)
                r = signals_new(daemon->base, on_end, on_reload, daemon, &daemon->signals);
        if (!r)
                r = settings_egress(daemon->config, &daemon->egress, error);
        if (!r)
                r = open_store(daemon, error);
        if (!r)
                r = settings_budget(daemon->config, &daemon->budget, error);
        if (!r)
                r = workers_new(daemon->base, &daemon->workers);
        if (!r)
                r = open_engine(daemon);
        if (!r)
                r = open_registry(daemon);
        if (!r)
                r = open_control(daemon, error);
        if (!r)
                r = open_service(daemon);
        if (r)
                return r;

        daemon->deadline = evtimer_new(daemon->base, on_deadline, daemon);
        daemon->leave = evtimer_new(daemon->base, on_leave, daemon);
        return daemon->deadline && daemon->leave ? registry_start(daemon->registry) : -ENOMEM;
}

int daemon_new(const ConfigArguments *arguments, Config *config, Daemon **ret_daemon, UserError *error) {
        _cleanup_(daemon_freep) Daemon *daemon = NULL;
        int r;

        daemon = calloc(1, sizeof(*daemon));
        if (!daemon)
                return -ENOMEM;

        /* Each worker thread would get a heap of its own, and keep what a burst once took. */
        mallopt(M_ARENA_MAX, 2);

        daemon->arguments = arguments;
        daemon->config = config;
        r = build(daemon, error);
        if (r) {
                daemon->config = NULL; /* still the caller's */
                return r;
        }

        *ret_daemon = TAKE_PTR(daemon);
        return 0;
}

Daemon *daemon_free(Daemon *daemon) {
        if (!daemon)
                return NULL;

        if (daemon->deadline)
                event_free(daemon->deadline);
        if (daemon->leave)
                event_free(daemon->leave);
        service_free(daemon->service);
        control_free(daemon->control);
        workers_free(daemon->workers);
        registry_free(daemon->registry);
        engine_free(daemon->engine); /* after the documents in flight: they hold its origins */
        store_free(daemon->store);
        egress_free(daemon->egress);
        signals_free(daemon->signals);
        if (daemon->base)
                event_base_free(daemon->base);
        config_free(daemon->config);
        user_error_deinit(&daemon->why);
        free(daemon);
        return NULL;
}

bool daemon_end_calls(Daemon *daemon) {
        if (workers_end(daemon->workers, CALLS_S * USEC_PER_SEC))
                return true;

        log_warning("a call of the store has not ended within %d s, and is given up", CALLS_S);
        return false;
}

int daemon_run(Daemon *daemon, UserError *error) {
        if (event_base_dispatch(daemon->base) < 0)
                return -EIO;
        if (!daemon->why.message)
                return 0;

        *error = daemon->why;
        daemon->why = (UserError) {};
        return -EBUSY;
}
