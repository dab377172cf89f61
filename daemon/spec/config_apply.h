#pragma once

#include "daemon/spec/config.h"

/*
 * Applies one assignment of a file: names as they stand there, an empty @value bringing back the default.
 * Returns 0; -EINVAL with @error filled, `where` being @where; -ENOMEM.
 */
int config_apply(Config *config, const char *section, const char *key, const char *value, const char *where,
        UserError *error);
