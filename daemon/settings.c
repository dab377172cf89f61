/* From settings to what follows from them. */

#include "daemon/settings.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/event.h"
#include "daemon/http/proxy.h"
#include "daemon/store/store.h"

/* @path: of the list that @prefixes is, to name the line of a wrong one. */
static int add_prefixes(const Config *config, const StringList *prefixes, const char *path, Egress *egress,
        int (*add)(Egress *egress, const char *prefix, UserError *error), UserError *error) {
        for (size_t i = 0; i < prefixes->n; i++) {
                char item[64];
                int r;

                r = add(egress, prefixes->items[i], error);
                if (!r)
                        continue;

                snprintf(item, sizeof(item), "%s[%zu]", path, i);
                if (!error->where)
                        error->where = strdup(config_source(config, item));
                return r;
        }

        return 0;
}

int settings_egress(const Config *config, Egress **ret_egress, UserError *error) {
        _cleanup_(egress_freep) Egress *egress = egress_new();
        int r;

        if (!egress)
                return -ENOMEM;

        r = add_prefixes(config, &config->network.deny, "Network.DenyAddress", egress, egress_deny, error);
        if (!r)
                r = add_prefixes(
                        config, &config->network.allow, "Network.AllowAddress", egress, egress_allow, error);
        if (r)
                return r;

        *ret_egress = TAKE_PTR(egress);
        return 0;
}

static void log_short(uint64_t limit, uint64_t wanted, const DescriptorBudget *budget) {
        LogEntry entry;

        log_entry_begin(&entry, &events[EVENT_DESCRIPTORS_SHORT]);
        log_field_count(&entry, "LIMIT", limit);
        log_field_count(&entry, "WANTED", budget->wanted);
        log_entry_send(&entry,
                "MaxInFlight=%llu needs %llu file descriptors and there are %llu: at most %u requests will "
                "be in "
                "flight; raise LimitNOFILE= of reqd.service (or `ulimit -n`), or lower MaxInFlight=",
                (unsigned long long)wanted, (unsigned long long)budget->wanted, (unsigned long long)limit,
                budget->max_in_flight);
}

int settings_budget(const Config *config, DescriptorBudget *ret_budget, UserError *error) {
        uint64_t limit = descriptors_raise(), wanted = config->limits.max_in_flight;
        int r;

        r = descriptors_divide(limit, wanted, config->control.max_clients, ret_budget, error);
        if (r)
                return r;

        if (ret_budget->max_in_flight < wanted)
                log_short(limit, wanted, ret_budget);
        return 0;
}

void settings_log(const Config *config) {
        log_set_level((LogLevel)(config->log.level + LOG_LEVEL_ERROR));
}

static int check_proxy(const Config *config, UserError *error) {
        bool literal;
        int r;

        r = config->network.proxy ? proxy_parse(config->network.proxy, &literal, error) : 0;
        if (r == -EINVAL && !error->where)
                error->where = strdup(config_source(config, "Network.Proxy"));

        return r;
}

static int check_store(const Config *config, UserError *error) {
        _cleanup_free_ char *uri = NULL;
        int r;

        r = config_store_uri(config, &uri, error);
        if (!r)
                r = store_check_uri(uri, error);
        if (r == -EINVAL && !error->where && (config->store.uri || config->store.uri_file))
                error->where =
                        strdup(config_source(config, config->store.uri ? "Store.URI" : "Store.URIFile"));

        return r;
}

int settings_check(const Config *config, UserError *error) {
        _cleanup_(egress_freep) Egress *egress = NULL;
        int r;

        r = settings_egress(config, &egress, error);
        if (!r)
                r = check_proxy(config, error);
        return r ? r : check_store(config, error);
}
