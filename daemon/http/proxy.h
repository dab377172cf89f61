#pragma once

#include <stdbool.h>

#include "common/error.h"

/* The URL of the proxy that all requests go through: http or https, host and port, perhaps a user. Pure. */

/*
 * @ret_literal: whether the host is an address, so that there is nothing to look up.
 * Returns 0; -EINVAL with @error filled, which quotes nothing of @url, as there may be a password in it;
 * -ENOMEM.
 */
int proxy_parse(const char *url, bool *ret_literal, UserError *error);
