/* Reads the configuration again while the daemon runs. */

#include "daemon/reload.h"

#include <errno.h>
#include <string.h>

#include "common/event.h"
#include "daemon/settings.h"

typedef struct Change Change;
typedef struct Plan Plan;

/* A setting that has another value now, in words for the log. */
struct Change {
        const Option *option;
        char *old;
        char *new;
        char *source;
};

/* All that a reload needs: once it is there, nothing can fail. */
struct Plan {
        Config *config; /* as read; what needs a restart is taken back when it takes effect */
        Egress *egress;
        DescriptorBudget budget;
        Change *changes;
        size_t n;
};

static void plan_deinit(Plan *plan) {
        for (size_t i = 0; i < plan->n; i++) {
                free(plan->changes[i].old);
                free(plan->changes[i].new);
                free(plan->changes[i].source);
        }
        free(plan->changes);
        egress_free(plan->egress);
        config_free(plan->config);
}

static void log_change(const Change *change) {
        LogEntry entry;

        log_entry_begin(&entry, &events[EVENT_SETTING_CHANGED]);
        log_field(&entry, "SETTING", "%s", change->option->path);
        log_field(&entry, "OLD", "%s", change->old);
        log_field(&entry, "NEW", "%s", change->new);
        log_entry_send(&entry, "reload: %s: %s -> %s (%s)%s", change->option->path,
                *change->old ? change->old : "none", *change->new ? change->new : "none", change->source,
                change->option->live ? "" : "; takes effect after a restart");
}

static void log_reloaded(unsigned n) {
        LogEntry entry;

        log_entry_begin(&entry, &events[EVENT_RELOADED]);
        log_field_count(&entry, "CHANGED", n);
        log_entry_send(&entry, "reload: %u setting%s changed", n, n == 1 ? " has" : "s have");
}

static void log_refused(const char *text) {
        LogEntry entry;

        log_entry_begin(&entry, &events[EVENT_RELOAD_REFUSED]);
        log_entry_send(&entry, "reload: %s; all settings stay as they were", text);
}

static int plan_change(Plan *plan, const Config *before, const Option *option) {
        Change *change = &plan->changes[plan->n++];

        *change = (Change) {
                .option = option,
                .old = config_show(before, option),
                .new = config_show(plan->config, option),
                .source = strdup(config_source(plan->config, option->path)),
        };
        if (!change->old || !change->new || !change->source)
                return error_trace(-ENOMEM);

        return option->live ? 0 : config_keep_source(plan->config, before, option);
}

static int plan_changes(Plan *plan, const Config *before) {
        size_t n_options = 0;

        while (config_options[n_options].path)
                n_options++;
        plan->changes = calloc(n_options, sizeof(*plan->changes));
        if (!plan->changes)
                return error_trace(-ENOMEM);

        for (const Option *option = config_options; option->path; option++) {
                bool differs = false;
                int r = option->later ? 0 : config_differs(plan->config, before, option, &differs);

                if (!r && differs)
                        r = plan_change(plan, before, option);
                if (r)
                        return r;
        }

        return 0;
}

/* Whatever may fail. What it leaves behind in @parts where it does changes nothing. */
static int make_plan(
        Plan *plan, const ReloadParts *parts, const ConfigArguments *arguments, UserError *error) {
        int r;

        r = config_read(arguments, &plan->config, error);
        if (!r)
                r = settings_check(plan->config, error);
        if (!r)
                r = settings_egress(plan->config, &plan->egress, error);
        if (!r)
                r = plan_changes(plan, parts->config);
        if (!r)
                r = settings_budget(plan->config, &plan->budget, error);

        return r ? r : engine_reserve(parts->engine, plan->budget.max_in_flight);
}

static void swap(Config *config, Config *other) {
        Config kept = *config;

        *config = *other;
        *other = kept;
}

static void apply(Plan *plan, const ReloadParts *parts) {
        const Config *config = parts->config;

        for (size_t i = 0; i < plan->n; i++) {
                log_change(&plan->changes[i]);
                if (!plan->changes[i].option->live)
                        config_keep(plan->config, parts->config, plan->changes[i].option);
        }
        log_reloaded((unsigned)plan->n);

        swap(parts->config, plan->config);
        settings_log(config);
        egress_swap(parts->egress, plan->egress);
        engine_set_max_in_flight(parts->engine, plan->budget.max_in_flight);
        registry_set_limits(parts->registry, plan->budget.max_in_flight, (uint32_t)config->limits.max_jobs);
        control_set_max_clients(parts->control, (uint32_t)config->control.max_clients);
}

void reload(const ReloadParts *parts, const ConfigArguments *arguments) {
        _cleanup_(plan_deinit) Plan plan = {};
        _cleanup_(user_error_deinit) UserError error = {};
        _cleanup_free_ char *text = NULL;
        int r;

        r = make_plan(&plan, parts, arguments, &error);
        if (!r) {
                apply(&plan, parts);
                return;
        }

        text = error.message ? user_error_format(&error) : strdup(strerror(-r));
        log_refused(text ? text : "out of memory");
}
