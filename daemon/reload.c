/* Reads the configuration again while the daemon runs. */

#include "daemon/reload.h"

#include <string.h>

#include "common/event.h"
#include "daemon/settings.h"

static void log_change(const Config *before, const Config *after, const Option *option) {
        _cleanup_free_ char *old = config_show(before, option);
        _cleanup_free_ char *new = config_show(after, option);
        LogEntry entry;

        log_entry_begin(&entry, &events[EVENT_SETTING_CHANGED]);
        log_field(&entry, "SETTING", "%s", option->path);
        log_field(&entry, "OLD", "%s", old ? old : "");
        log_field(&entry, "NEW", "%s", new ? new : "");
        log_entry_send(&entry, "reload: %s: %s -> %s (%s)%s", option->path, old && *old ? old : "none",
                new &&*new ? new : "none", config_source(after, option->path),
                option->live ? "" : "; takes effect after a restart");
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

/* @config becomes what is in effect: it keeps of @before what needs a restart. */
static int compare(Config *config, Config *before) {
        unsigned n = 0;

        for (const Option *option = config_options; option->path; option++) {
                int r;

                if (option->later || !config_differs(config, before, option))
                        continue;

                n++;
                log_change(before, config, option);
                r = option->live ? 0 : config_keep(config, before, option);
                if (r)
                        return r;
        }

        log_reloaded(n);
        return 0;
}

static void swap(Config *config, Config *other) {
        Config kept = *config;

        *config = *other;
        *other = kept;
}

static int apply(const ReloadParts *parts, Config *config, UserError *error) {
        _cleanup_(egress_freep) Egress *egress = NULL;
        DescriptorBudget budget;
        int r;

        r = settings_check(config, error);
        if (!r)
                r = settings_egress(config, &egress, error);
        if (!r)
                r = settings_budget(config, &budget, error);
        if (!r)
                r = engine_set_max_in_flight(parts->engine, budget.max_in_flight);
        if (!r)
                r = compare(config, parts->config);
        if (r)
                return r;

        swap(parts->config, config);
        settings_log(parts->config);
        egress_swap(parts->egress, egress);
        registry_set_limits(parts->registry, budget.max_in_flight, (uint32_t)parts->config->limits.max_jobs);
        control_set_max_clients(parts->control, (uint32_t)parts->config->control.max_clients);
        return 0;
}

void reload(const ReloadParts *parts, const ConfigArguments *arguments) {
        _cleanup_(config_freep) Config *config = NULL;
        _cleanup_(user_error_deinit) UserError error = {};
        _cleanup_free_ char *text = NULL;
        int r;

        r = config_read(arguments, &config, &error);
        if (!r)
                r = apply(parts, config, &error);
        if (!r)
                return;

        text = error.message ? user_error_format(&error) : strdup(strerror(-r));
        log_refused(text ? text : "out of memory");
}
