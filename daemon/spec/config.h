#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/alloc.h"
#include "common/error.h"
#include "common/option.h"

/*
 * The daemon's settings: defaults, then reqd.conf, then reqd.conf.d/ *.conf in order of their names, then
 * arguments. INI with CamelCase keys. Nothing is applied until all of it is valid. Thread: the loop's.
 */

typedef struct Config Config;
typedef struct ConfigArguments ConfigArguments;

struct Config {
        struct {
                char *uri;      /* "sqlite:FILE", "mongodb://..."; secrets in it are never shown */
                char *uri_file; /* it is read from there; a relative name is one of $CREDENTIALS_DIRECTORY */
                                /* of the two, the one that was set last forgets the other */
                uint64_t page_documents;
                uint64_t lease_us; /* MongoDB */
        } store;
        struct {
                StringList
                        allow; /* prefixes, adding up over files; an empty assignment forgets earlier ones */
                StringList deny;
                char *ca_file;
                char *proxy; /* may hold a password, which is never shown */
        } network;
        struct {
                char *socket;
                uint64_t max_clients;
        } control;
        struct {
                uint64_t max_in_flight;
                uint64_t max_jobs;
        } limits;
        struct {
                uint64_t level; /* index in log_level_names */
        } log;

        StringList sources; /* map, see config_source(); no values are in it */
};

/*
 * [Limits] MaxMemory= and [Credential NAME] are known names that are "not supported yet".
 * Paths are "Store.URI".
 */
extern const Option config_options[];

/* What the command line says about the settings; the strings are its own. */
struct ConfigArguments {
        const char *file;      /* --config, or NULL */
        const char *store;     /* --store, or NULL */
        const char *socket;    /* --socket, or NULL */
        const char *log_level; /* --log-level, or NULL */
};

/* config_new() and config_set() for all of @arguments. Returns what they return. */
int config_read(const ConfigArguments *arguments, Config **ret_config, UserError *error);

/*
 * Reads @file (NULL: /etc/reqd/reqd.conf if it exists) and the drop-ins in "@file.d/". A named file that is
 * not there is an error. An empty assignment brings back the default. A line has at most 199 bytes, and a
 * comment a line of its own. Returns 0; -EINVAL with @error filled (`where`: "reqd.conf:14", @file as it was
 * given); -ENOMEM.
 */
int config_new(const char *file, Config **ret_config, UserError *error);
Config *config_free(Config *config);
DEFINE_FREEP(Config, config);

/*
 * Overrides one setting (adds to a list), @source telling from where ("--store"). A password inside a store
 * URI from an argument is refused. Returns 0; -EINVAL with @error filled, `where` being @source; -ENOMEM.
 */
int config_set(Config *config, const char *path, const char *text, const char *source, UserError *error);

/*
 * Where a setting comes from: "/etc/reqd/reqd.conf:14", "--store", "default". @path: "Store.URI"; for a list
 * all of its places with ", " between, for one item of it "Network.AllowAddress[2]". Lives with the config.
 */
const char *config_source(const Config *config, const char *path);

/*
 * The store's URI in effect, `URIFile` read; to be freed. Returns 0; -EINVAL with @error filled, where
 * nothing is set with what to write; -ENOMEM.
 */
int config_store_uri(const Config *config, char **ret_uri, UserError *error);

/* Whether a setting has another value in @other; which of its places says so does not matter. Returns 0 or -ENOMEM. */
int config_differs(const Config *config, const Config *other, const Option *option, bool *ret_differs);

/* Says of a setting that it comes from where @before has it from. Returns 0; -ENOMEM and nothing is changed. */
int config_keep_source(Config *config, const Config *before, const Option *option);

/* Takes a setting's value back from @before, which gets the other one; not the place that says so. */
void config_keep(Config *config, Config *before, const Option *option);

/* The value as `reqctl config` shows it: passwords in URIs hidden; to be freed. */
char *config_show(const Config *config, const Option *option);
