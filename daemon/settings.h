#pragma once

#include "common/error.h"
#include "daemon/http/egress.h"
#include "daemon/spec/config.h"
#include "daemon/system/descriptors.h"

/*
 * From settings to what follows from them: at the start, at each reload, and for --check-config. Thread: the
 * loop's.
 */

/* The rules of AllowAddress= and DenyAddress=. Returns 0; -EINVAL with @error filled; -ENOMEM. */
int settings_egress(const Config *config, Egress **ret_egress, UserError *error);

/*
 * How many requests may be in flight, which may be fewer than MaxInFlight=: the log then says why and what to
 * change. Raises the process's soft limit of descriptors. Returns 0; -EINVAL with @error filled.
 */
int settings_budget(const Config *config, DescriptorBudget *ret_budget, UserError *error);

/* LogLevel=, from now on. */
void settings_log(const Config *config);

/* Checks what daemon_new() would refuse, without opening anything. 0; -EINVAL with @error filled; -ENOMEM. */
int settings_check(const Config *config, UserError *error);
