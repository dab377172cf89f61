/* How many requests may be in flight with the file descriptors there are. */

#include "daemon/system/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#define IDLE_MAX 1024u
#define IDLE_SHARE 8u     /* of few descriptors, at most every eighth is for idle connections */
#define BESIDE 320u       /* the store, lookups of names, the log, the loop; privileged clients */
#define IN_FLIGHT_MIN 16u /* with fewer there is no point in starting */

/*
 * While it is being made, a connection to a host with addresses of both families may take a descriptor for each
 * (RFC 8305, "Happy Eyeballs"). And each small set of connections keeps a few idle ones however few there are
 * in all: one for sixteen requests.
 */
static uint64_t for_requests(uint64_t n) {
        return 2 * n + n / 16;
}

static uint64_t requests_for(uint64_t descriptors) {
        return descriptors * 16 / 33;
}

bool descriptors_short(int code) {
        return code == EMFILE || code == ENFILE || code == ENOBUFS || code == ENOMEM;
}

bool descriptors_left(void) {
        int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

        if (fd < 0)
                return !descriptors_short(errno);

        close(fd);
        return true;
}

uint64_t descriptors_raise(void) {
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
                return 1024; /* what every system has */

        if (limit.rlim_cur < limit.rlim_max) {
                rlim_t before = limit.rlim_cur;

                limit.rlim_cur = limit.rlim_max;
                if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
                        return before;
        }

        return limit.rlim_cur;
}

int descriptors_divide(uint64_t limit, uint64_t max_in_flight, uint64_t max_clients,
        DescriptorBudget *ret_budget, UserError *error) {
        uint64_t all = limit < UINT32_MAX ? limit : UINT32_MAX; /* RLIM_INFINITY is not to be multiplied */
        uint64_t idle = all / IDLE_SHARE < IDLE_MAX ? all / IDLE_SHARE : IDLE_MAX;
        uint64_t fixed = BESIDE + max_clients + idle;
        uint64_t wanted = BESIDE + max_clients + IDLE_MAX + for_requests(max_in_flight);
        uint64_t fit = all > fixed ? requests_for(all - fixed) : 0;

        if (fit < IN_FLIGHT_MIN && fit < max_in_flight)
                return user_error_set(error, NULL, "raise LimitNOFILE= of reqd.service, or `ulimit -n`",
                        "%llu file descriptors are too few to start; MaxInFlight=%llu and MaxClients=%llu "
                        "ask for %llu",
                        (unsigned long long)limit, (unsigned long long)max_in_flight,
                        (unsigned long long)max_clients, (unsigned long long)wanted);

        *ret_budget = (DescriptorBudget) {
                .max_in_flight = (uint32_t)(fit < max_in_flight ? fit : max_in_flight),
                .max_idle = (uint32_t)idle,
                .wanted = wanted,
        };
        return 0;
}
