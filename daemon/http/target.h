#pragma once

#include <stdbool.h>

#include "daemon/http/egress.h"

/*
 * What a URL by itself says about the address behind it. Behind a proxy no address is seen, so this is all
 * there is to judge. Thread: the loop's.
 */

/* Whether the host of @url is an address, in any spelling, that is denied; also where @url cannot be read. */
bool target_denied(const Egress *egress, const char *url);
