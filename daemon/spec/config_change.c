/* What differs between two readings of the configuration. */

#include "daemon/spec/config.h"

#include <errno.h>
#include <string.h>

#include "common/option_value.h"

int config_differs(const Config *config, const Config *other, const Option *option, bool *ret_differs) {
        _cleanup_free_ char *left = option_text(option, config);
        _cleanup_free_ char *right = option_text(option, other);

        if (!left || !right)
                return -ENOMEM;

        *ret_differs = strcmp(left, right) != 0;
        return 0;
}

static size_t size_of(OptionType type) {
        switch (type) {
        case OPTION_STRING:
        case OPTION_JSON:
                return sizeof(char *);
        case OPTION_LIST:
        case OPTION_MAP:
                return sizeof(StringList);
        case OPTION_BOOL:
                return sizeof(bool);
        case OPTION_RATE:
                return sizeof(double);
        case OPTION_SHARE:
                return sizeof(CountOrShare);
        case OPTION_COUNT:
        case OPTION_SIZE:
        case OPTION_DURATION:
        case OPTION_CHOICE:
                return sizeof(uint64_t);
        }

        return 0;
}

_Static_assert(sizeof(CountOrShare) <= sizeof(StringList), "see config_keep()");

int config_keep_source(Config *config, const Config *before, const Option *option) {
        return string_map_add(&config->sources, option->path, config_source(before, option->path));
}

void config_keep(Config *config, Config *before, const Option *option) {
        char *value = OPTION_FIELD(char, option, config), *kept = OPTION_FIELD(char, option, before);
        char swapped[sizeof(StringList)]; /* the largest, with CountOrShare */
        size_t size = size_of(option->type);

        memcpy(swapped, value, size);
        memcpy(value, kept, size);
        memcpy(kept, swapped, size);
}

int config_read(const ConfigArguments *arguments, Config **ret_config, UserError *error) {
        _cleanup_(config_freep) Config *config = NULL;
        int r;

        r = config_new(arguments->file, &config, error);
        if (!r && arguments->store)
                r = config_set(config, "Store.URI", arguments->store, "--store", error);
        if (!r && arguments->socket)
                r = config_set(config, "Control.Socket", arguments->socket, "--socket", error);
        if (!r && arguments->log_level)
                r = config_set(config, "Log.LogLevel", arguments->log_level, "--log-level", error);
        if (r)
                return r;

        *ret_config = TAKE_PTR(config);
        return 0;
}
