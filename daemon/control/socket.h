#pragma once

#include "common/error.h"

/*
 * Opens the listening Unix socket at @path with mode 0660, close-on-exec and non-blocking. A dead socket in
 * its place is replaced; one that somebody listens on, or anything else there, is an error. Returns the
 * descriptor; -EINVAL with @error filled.
 */
int socket_listen(const char *path, UserError *error);
