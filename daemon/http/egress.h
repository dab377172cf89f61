#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "common/alloc.h"
#include "common/error.h"

/*
 * Which addresses requests may go to. By default only public ones: everything that the IANA IPv4 and
 * IPv6 Special-Purpose Address Registries do not call globally reachable is denied, and so is
 * multicast; an IPv4 address inside an IPv6 form (mapped, compatible, NAT64, 6to4, Teredo) is judged as
 * that IPv4.
 * `AllowAddress=` beats `DenyAddress=` beats the default, as in systemd.resource-control(5).
 * Such an IPv6 form is allowed by rules about its IPv4 address only, and denied by rules about either.
 *
 * Pure. Thread: the loop's.
 */

typedef struct Egress Egress;

/* Only the default rules. NULL without memory. */
Egress *egress_new(void);
Egress *egress_free(Egress *egress);
DEFINE_FREEP(Egress, egress);

/*
 * Adds one prefix: "10.0.0.0/8", "::1", "any", "localhost" (127.0.0.0/8 and ::1/128), "link-local",
 * "multicast", the symbolic names as in systemd. Returns 0, -EINVAL with @error's message and hint filled,
 * -ENOMEM.
 */
int egress_allow(Egress *egress, const char *prefix, UserError *error);
int egress_deny(Egress *egress, const char *prefix, UserError *error);

/* Each gets the other's rules: those who hold one of them ask the new rules from now on. */
void egress_swap(Egress *egress, Egress *other);

/* AF_INET and AF_INET6 only; any other family is denied. */
bool egress_allows(const Egress *egress, const struct sockaddr *address);
