#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"

/*
 * How many requests may be in flight with the file descriptors there are: a job is slower with few of them, and
 * no document ever fails for the lack of one. Thread: any.
 */

typedef struct DescriptorBudget DescriptorBudget;

struct DescriptorBudget {
        uint32_t max_in_flight; /* requests: as many as are wanted, or as fit */
        uint32_t max_idle;      /* connections kept open beside those of requests */
        uint64_t wanted;        /* descriptors that would be enough for all that are wanted */
};

/* Whether that errno of socket(2) or accept(2) says that there is nothing left for another connection. */
bool descriptors_short(int code);

/* Whether this process can have another descriptor just now. */
bool descriptors_left(void);

/* Raises the soft limit to the hard one. Returns the limit in effect. */
uint64_t descriptors_raise(void);

/*
 * Divides @limit descriptors. Returns 0; -EINVAL with @error filled where they are too few for anything.
 *
 * @max_in_flight: requests that are wanted
 * @max_clients: of the control socket
 */
int descriptors_divide(uint64_t limit, uint64_t max_in_flight, uint64_t max_clients,
        DescriptorBudget *ret_budget, UserError *error);
