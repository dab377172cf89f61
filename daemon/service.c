/* The daemon as a service of its manager. */

#include "daemon/service.h"

#include <errno.h>
#include <event2/event.h>

#include "common/log.h"
#include "common/timeutil.h"
#include "daemon/job/job_status.h"
#include "daemon/status_line.h"
#include "daemon/system/notify.h"

#define EXTEND_US (15 * USEC_PER_SEC)      /* at each tick of an end that goes on */
#define EXTEND_LAST_US (60 * USEC_PER_SEC) /* a call of the store may take as long as its time limits say */

struct Service {
        Registry *registry;
        Notify *notify;
        RegistryListener listener;
        struct event *patience; /* the store has had its time */
        struct event *tick;     /* a second after a line was sent, if something moves */
        bool ready;
        bool ending;
};

static const char *complaint_of(const Registry *registry) {
        if (registry->link.away)
                return registry->link.failure.message;

        return registry->refused && !registry->loaded ? registry->refusal.message : NULL;
}

static void count_running(Job *job, StatusLine *status) {
        JobProgress progress;

        job_progress(job, &progress);
        status->total_known = progress.total_known && (status->total_known || !status->running);
        status->running++;
        status->done += progress.done;
        status->total += progress.total;
        status->rate += progress.rate;
        if (status->running == 1 || progress.eta_s < 0 ||
                (status->eta_s >= 0 && progress.eta_s > status->eta_s))
                status->eta_s = progress.eta_s;
}

static StatusLine look(Service *service) {
        Registry *registry = service->registry;
        StatusLine status = {
                .complaint = complaint_of(registry),
                .loaded = registry->loaded,
                .ending = service->ending,
                .in_flight = engine_in_flight(registry->services.engine),
                .eta_s = -1,
        };
        Job *job;

        TAILQ_FOREACH(job, &registry->jobs, entry) {
                if (job->record.state == JOB_RUNNING)
                        count_running(job, &status);
                else if (!job_ended(job))
                        status.paused++;
        }

        return status;
}

/* Shows the line, and looks again in a second if it may differ by then. */
static void show(Service *service) {
        static const struct timeval soon = { .tv_sec = 1 };
        StatusLine status = look(service);
        char line[STATUS_LINE_SIZE];

        notify_status(service->notify, status_line_format(&status, line));
        if (service->ending)
                notify_extend(service->notify, EXTEND_US);
        if (service->ending || status.running)
                event_add(service->tick, &soon);
}

static void on_tick(int fd, short what, void *userdata) {
        show(userdata);
}

/* What changes twice in a second is shown once. */
static void show_soon(Service *service) {
        static const struct timeval soon = { .tv_sec = 1 };

        if (!event_pending(service->tick, EV_TIMEOUT, NULL))
                event_add(service->tick, &soon);
}

static void become_ready(Service *service) {
        if (service->ready)
                return;

        service->ready = true;
        event_del(service->patience);
        show(service);
        notify_ready(service->notify);
}

static void on_patience(int fd, short what, void *userdata) {
        Service *service = userdata;

        log_warning("the store has not given its jobs yet; waiting goes on");
        become_ready(service);
}

static void on_store(void *userdata) {
        Service *service = userdata;

        if (service->registry->loaded)
                become_ready(service);
        show_soon(service);
}

static void on_changed(Job *job, void *userdata) {
        show_soon(userdata);
}

static int start(Service *service, const ServiceOptions *options) {
        struct timeval patience;

        service->patience = evtimer_new(options->base, on_patience, service);
        service->tick = evtimer_new(options->base, on_tick, service);
        if (!service->patience || !service->tick)
                return -ENOMEM;

        patience = time_as_timeval(options->patience_us);
        if (event_add(service->patience, &patience) < 0)
                return -ENOMEM;

        service->listener = (RegistryListener) {
                .changed = on_changed,
                .ready = on_store,
                .userdata = service,
        };
        registry_listen(service->registry, &service->listener);
        show_soon(service);
        return 0;
}

int service_new(const ServiceOptions *options, Service **ret_service) {
        _cleanup_(service_freep) Service *service = calloc(1, sizeof(*service));
        int r;

        if (!service)
                return -ENOMEM;

        service->registry = options->registry;
        r = notify_new(options->base, &service->notify);
        if (!r && service->notify)
                r = start(service, options);
        if (r)
                return error_trace(r);

        *ret_service = TAKE_PTR(service);
        return 0;
}

Service *service_free(Service *service) {
        if (!service)
                return NULL;

        if (service->listener.userdata)
                registry_unlisten(service->registry, &service->listener);
        if (service->patience)
                event_free(service->patience);
        if (service->tick)
                event_free(service->tick);
        notify_free(service->notify);
        free(service);
        return NULL;
}

void service_reloading(Service *service) {
        notify_reloading(service->notify);
}

/* A reload before the store has answered does not make the daemon ready. */
void service_reloaded(Service *service) {
        if (service->ready)
                notify_ready(service->notify);
}

void service_ending(Service *service) {
        service->ending = true;
        if (!service->notify)
                return;

        notify_stopping(service->notify);
        show(service);
}

void service_ended(Service *service) {
        notify_extend(service->notify, EXTEND_LAST_US);
}
