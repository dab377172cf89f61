/* The settings of the daemon, and what an assignment does to them. */

#include "daemon/spec/config_apply.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "common/nearest.h"
#include "common/timeutil.h"
#include "daemon/spec/config_uri.h"

#define PATH_SIZE 96 /* of "Network.AllowAddress[12]" */

#define PLACE(_member) offsetof(Config, _member)

const Option config_options[] = {
        { "Store.URI", OPTION_STRING, PLACE(store.uri), .arg = "URI",
                .help = "where documents, outcomes and jobs live: sqlite:FILE or mongodb://HOST/DB" },
        { "Store.URIFile", OPTION_STRING, PLACE(store.uri_file), .arg = "FILE",
                .help = "a file with that URI in it; a relative name is a credential of systemd" },
        { "Store.PageDocuments", OPTION_COUNT, PLACE(store.page_documents), .fallback = "5000", .min = 1,
                .max = 100000, .arg = "N", .help = "documents read at once" },
        { "Store.Lease", OPTION_DURATION, PLACE(store.lease_us), .fallback = "30s", .min = USEC_PER_SEC,
                .max = 3600 * USEC_PER_SEC, .arg = "DURATION",
                .help = "how long a daemon that is not heard of owns the jobs of a MongoDB store" },
        { "Network.AllowAddress", OPTION_LIST, PLACE(network.allow), .live = true, .arg = "PREFIX...",
                .help = "addresses that may be reached though they are not public" },
        { "Network.DenyAddress", OPTION_LIST, PLACE(network.deny), .live = true, .arg = "PREFIX...",
                .help = "addresses that may not be reached though they are public" },
        { "Network.CAFile", OPTION_STRING, PLACE(network.ca_file), .arg = "FILE",
                .help = "certificates that are trusted (default: the system's)" },
        { "Network.Proxy", OPTION_STRING, PLACE(network.proxy), .arg = "URL",
                .help = "an http or https proxy for all requests, http://HOST:PORT" },
        { "Control.Socket", OPTION_STRING, PLACE(control.socket), .arg = "PATH",
                .help = "where reqctl finds the daemon" },
        { "Control.MaxClients", OPTION_COUNT, PLACE(control.max_clients), .fallback = "64", .min = 1,
                .max = 10000, .live = true, .arg = "N", .help = "clients at once" },
        { "Limits.MaxInFlight", OPTION_COUNT, PLACE(limits.max_in_flight), .fallback = "10000", .min = 1,
                .max = 1000000, .live = true, .arg = "N", .help = "requests in flight, all jobs together" },
        { "Limits.MaxJobs", OPTION_COUNT, PLACE(limits.max_jobs), .fallback = "64", .min = 1, .max = 10000,
                .live = true, .arg = "N", .help = "unfinished jobs" },
        { "Limits.MaxMemory", OPTION_SIZE, .later = true, .arg = "SIZE",
                .help = "memory at which nothing new starts" },
        { "Log.LogLevel", OPTION_CHOICE, PLACE(log.level), .fallback = "info", .choices = log_level_names,
                .live = true, .arg = "LEVEL",
                .help = "what is logged: error, warning, notice, info or debug" },
        {},
};

Config *config_free(Config *config) {
        if (!config)
                return NULL;

        options_deinit(config_options, config);
        string_list_deinit(&config->sources);
        free(config);
        return NULL;
}

const char *config_source(const Config *config, const char *path) {
        for (size_t i = 0; i < config->sources.n; i++)
                if (strcmp(config->sources.items[i], path) == 0)
                        return string_map_value(config->sources.items[i]);

        return "default";
}

static bool is_default(const Config *config, const char *path) {
        return strcmp(config_source(config, path), "default") == 0;
}

/* Each item's place, and all of them together for the list. */
static int note_items(Config *config, const char *path, size_t begin, size_t end, const char *source) {
        _cleanup_free_ char *together = NULL;
        int r;

        for (size_t i = begin; i < end; i++) {
                char item[PATH_SIZE];

                snprintf(item, sizeof(item), "%s[%zu]", path, i);
                r = string_map_add(&config->sources, item, source);
                if (r)
                        return r;
        }

        if (is_default(config, path))
                return string_map_add(&config->sources, path, source);

        if (asprintf(&together, "%s, %s", config_source(config, path), source) < 0) {
                together = NULL;
                return -ENOMEM;
        }

        return string_map_add(&config->sources, path, together);
}

static int reset(Config *config, const Option *option) {
        const Option only[] = { *option, {} };
        int r;

        options_deinit(only, config);
        r = option_set_defaults(only, config);

        return r ? error_trace(r) : string_map_add(&config->sources, option->path, "default");
}

/* The URI and the file that it is read from are two ways to say one thing, and the last word counts. */
static int forget_other(Config *config, const Option *option) {
        const char *other = strcmp(option->path, "Store.URI") == 0       ? "Store.URIFile"
                            : strcmp(option->path, "Store.URIFile") == 0 ? "Store.URI"
                                                                         : NULL;

        return other ? reset(config, option_find(config_options, other)) : 0;
}

static int set(Config *config, const Option *option, const char *text, const char *where, UserError *error) {
        StringList *list = (StringList *)(void *)((char *)config + option->offset);
        size_t n = option->type == OPTION_LIST ? list->n : 0;
        int r;

        r = option_set_text(option, config, text, where, error);
        if (r)
                return r;

        if (option->type == OPTION_LIST)
                return note_items(config, option->path, n, list->n, where);

        r = forget_other(config, option);
        return r ? r : string_map_add(&config->sources, option->path, where);
}

static bool in_section(const Option *option, const char *section) {
        size_t len = strcspn(option->path, ".");

        return strlen(section) == len && strncmp(option->path, section, len) == 0;
}

static const char *key_of(const Option *option) {
        return strchr(option->path, '.') + 1;
}

static bool is_section(const char *section) {
        for (const Option *option = config_options; option->path; option++)
                if (in_section(option, section))
                        return true;

        return false;
}

static int refuse_section(const char *section, const char *where, UserError *error) {
        size_t distance = SIZE_MAX;
        char hint[PATH_SIZE];

        for (const Option *option = config_options; option->path; option++) {
                Nearest nearest = { .typed = section };
                char name[PATH_SIZE];

                snprintf(name, sizeof(name), "%.*s", (int)strcspn(option->path, "."), option->path);
                nearest_try(&nearest, name);
                if (!nearest.best || nearest.distance >= distance)
                        continue;

                distance = nearest.distance;
                snprintf(hint, sizeof(hint), "did you mean [%.60s]?", name);
        }

        return user_error_set(error, where,
                distance < SIZE_MAX ? hint : "write [Store], [Network], [Control], [Limits] or [Log]",
                "there is no section [%.60s]", section);
}

/* The key that was meant: one of this section, or else of another. */
static int refuse_key(const char *section, const char *key, const char *where, UserError *error) {
        Nearest here = { .typed = key }, elsewhere = { .typed = key };
        char hint[PATH_SIZE] = "";

        for (const Option *option = config_options; option->path; option++)
                nearest_try(in_section(option, section) ? &here : &elsewhere, key_of(option));

        if (here.best)
                snprintf(hint, sizeof(hint), "did you mean %s=?", here.best);
        else if (elsewhere.best)
                snprintf(hint, sizeof(hint), "did you mean %s= of another section?", elsewhere.best);

        return user_error_set(error, where, *hint ? hint : NULL, "[%s] has no key %.60s=", section, key);
}

static bool is_credential(const char *section) {
        static const char name[] = "Credential";
        size_t len = strlen(name);

        return strncmp(section, name, len) == 0 && (!section[len] || section[len] == ' ');
}

int config_apply(Config *config, const char *section, const char *key, const char *value, const char *where,
        UserError *error) {
        const Option *option;
        char path[PATH_SIZE];

        if (is_credential(section))
                return user_error_set(error, where, NULL, "[%.60s] is not supported yet", section);

        if (!is_section(section))
                return refuse_section(section, where, error);

        snprintf(path, sizeof(path), "%s.%s", section, key);
        option = option_find(config_options, path);
        if (!option)
                return refuse_key(section, key, where, error);

        if (option->later)
                return user_error_set(error, where, NULL, "%s= is not supported yet", key);

        return *value ? set(config, option, value, where, error) : reset(config, option);
}

/* A password in an argument is shown to every user of the machine by ps. */
static int refuse_password(const char *uri, const char *source, UserError *error) {
        _cleanup_free_ char *hidden = config_uri_hide(uri);

        if (!hidden)
                return -ENOMEM;

        if (strcmp(hidden, uri) == 0)
                return 0;

        return user_error_set(error, source, "write it into a file and name that by URIFile= in [Store]",
                "there is a password in this URI, which other users could see");
}

int config_set(Config *config, const char *path, const char *text, const char *source, UserError *error) {
        const Option *option = option_find(config_options, path);
        int r;

        if (!option)
                return user_error_set(error, source, NULL, "there is no setting %s", path);

        if (strcmp(path, "Store.URI") == 0) {
                r = refuse_password(text, source, error);
                if (r)
                        return r;
        }

        return set(config, option, text, source, error);
}
