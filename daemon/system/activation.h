#pragma once

#include "common/error.h"

/*
 * The listening socket that systemd passes to a service with a socket unit (sd_listen_fds(3)). Thread: the
 * main one, at the start: the environment's LISTEN_* are taken away.
 */

/*
 * Gives the socket that was passed, non-blocking and close-on-exec, the caller's to close but not to unlink;
 * -1 if none was. Returns 0; -EINVAL with @error filled for several of them, or one that is no listening Unix
 * stream socket.
 */
int activation_take(int *ret_fd, UserError *error);
