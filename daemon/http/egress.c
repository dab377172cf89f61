/* Which addresses requests may go to: the built-in rules are one table, the longest prefix decides. */

#include "daemon/http/egress.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define EGRESS_HINT                                                                                          \
        "an address or prefix such as 192.0.2.7, 10.0.0.0/8 or fd00::/8, or one of any, localhost, "         \
        "link-local, multicast"

typedef struct Address Address;
typedef struct Prefix Prefix;
typedef struct PrefixList PrefixList;

/* An IPv4 address fills the first four bytes. */
struct Address {
        int family;
        uint8_t bytes[16];
};

struct Prefix {
        Address address;
        unsigned bits;
};

struct PrefixList {
        Prefix *items;
        size_t n;
};

/*
 * Source: IANA IPv4 and IPv6 Special-Purpose Address Registries, both as of 2025-10-09. Where their column
 * "Globally Reachable" says neither true nor false (terminated entries), the address is denied.
 * Multicast: RFC 5771, RFC 4291. Of IPv6 only 2000::/3 is global unicast (IANA IPv6 Address Space registry).
 * The forms that carry an IPv4 address (::/96, ::ffff:0:0/96, 64:ff9b::/96, 2001::/32, 2002::/16) are not
 * here: embedded_ipv4() takes them apart first.
 */
static const struct {
        const char *prefix;
        bool reachable;
} builtin[] = {
        { "0.0.0.0/0", true },         /* IPv4 but for what follows */
        { "0.0.0.0/8", false },        /* this network */
        { "10.0.0.0/8", false },       /* private use */
        { "100.64.0.0/10", false },    /* shared address space */
        { "127.0.0.0/8", false },      /* loopback */
        { "169.254.0.0/16", false },   /* link local */
        { "172.16.0.0/12", false },    /* private use */
        { "192.0.0.0/24", false },     /* IETF protocol assignments */
        { "192.0.0.0/29", false },     /* IPv4 service continuity */
        { "192.0.0.8/32", false },     /* dummy address */
        { "192.0.0.9/32", true },      /* port control protocol anycast */
        { "192.0.0.10/32", true },     /* TURN anycast */
        { "192.0.0.170/31", false },   /* NAT64 discovery */
        { "192.0.2.0/24", false },     /* documentation */
        { "192.31.196.0/24", true },   /* AS112 */
        { "192.52.193.0/24", true },   /* AMT */
        { "192.88.99.0/24", false },   /* 6to4 relay anycast, terminated */
        { "192.168.0.0/16", false },   /* private use */
        { "192.175.48.0/24", true },   /* AS112 direct delegation */
        { "198.18.0.0/15", false },    /* benchmarking */
        { "198.51.100.0/24", false },  /* documentation */
        { "203.0.113.0/24", false },   /* documentation */
        { "224.0.0.0/4", false },      /* multicast */
        { "240.0.0.0/4", false },      /* reserved, limited broadcast */
        { "::/0", false },             /* what is not global unicast */
        { "::/128", false },           /* unspecified */
        { "::1/128", false },          /* loopback */
        { "64:ff9b:1::/48", false },   /* local-use translation */
        { "100::/64", false },         /* discard only */
        { "100:0:0:1::/64", false },   /* dummy prefix */
        { "2000::/3", true },          /* global unicast */
        { "2001::/23", false },        /* IETF protocol assignments */
        { "2001:1::1/128", true },     /* port control protocol anycast */
        { "2001:1::2/128", true },     /* TURN anycast */
        { "2001:1::3/128", true },     /* DNS-SD registration anycast */
        { "2001:2::/48", false },      /* benchmarking */
        { "2001:3::/32", true },       /* AMT */
        { "2001:4:112::/48", true },   /* AS112 */
        { "2001:10::/28", false },     /* ORCHID, terminated */
        { "2001:20::/28", true },      /* ORCHIDv2 */
        { "2001:30::/28", true },      /* drone remote identification */
        { "2001:db8::/32", false },    /* documentation */
        { "2620:4f:8000::/48", true }, /* AS112 direct delegation */
        { "3fff::/20", false },        /* documentation */
        { "5f00::/16", false },        /* segment routing */
        { "fc00::/7", false },         /* unique local */
        { "fe80::/10", false },        /* link local */
        { "fec0::/10", false },        /* site local, deprecated */
        { "ff00::/8", false },         /* multicast */
};

/* As in systemd.resource-control(5). */
static const struct {
        const char *name;
        const char *prefixes[2];
} names[] = {
        { "any", { "0.0.0.0/0", "::/0" } },
        { "localhost", { "127.0.0.0/8", "::1/128" } },
        { "link-local", { "169.254.0.0/16", "fe80::/64" } },
        { "multicast", { "224.0.0.0/4", "ff00::/8" } },
};

struct Egress {
        PrefixList allowed;
        PrefixList denied;
        Prefix builtin[ELEMENTSOF(builtin)];
};

static bool parse_bits(const char *text, unsigned max, unsigned *ret_bits) {
        unsigned bits = 0;

        if (!*text || strlen(text) > 3)
                return false;

        for (const char *p = text; *p; p++) {
                if (*p < '0' || *p > '9')
                        return false;
                bits = bits * 10 + (unsigned)(*p - '0');
        }
        if (bits > max)
                return false;

        *ret_bits = bits;
        return true;
}

static bool parse_prefix(const char *text, Prefix *ret_prefix) {
        char address[INET6_ADDRSTRLEN];
        const char *slash = strchrnul(text, '/');
        Prefix prefix = {};

        if ((size_t)(slash - text) >= sizeof(address))
                return false;

        *(char *)mempcpy(address, text, (size_t)(slash - text)) = '\0';
        prefix.address.family = strchr(address, ':') ? AF_INET6 : AF_INET;
        prefix.bits = prefix.address.family == AF_INET6 ? 128 : 32;
        if (inet_pton(prefix.address.family, address, prefix.address.bytes) != 1)
                return false;
        if (*slash && !parse_bits(slash + 1, prefix.bits, &prefix.bits))
                return false;

        *ret_prefix = prefix;
        return true;
}

static bool prefix_contains(const Prefix *prefix, const Address *address) {
        unsigned whole = prefix->bits / 8, rest = prefix->bits % 8;
        uint8_t mask = (uint8_t)(0xff00 >> rest);

        if (prefix->address.family != address->family || memcmp(prefix->address.bytes, address->bytes, whole))
                return false;

        return !rest || ((prefix->address.bytes[whole] ^ address->bytes[whole]) & mask) == 0;
}

static bool list_contains(const PrefixList *list, const Address *address) {
        for (size_t i = 0; i < list->n; i++)
                if (prefix_contains(&list->items[i], address))
                        return true;

        return false;
}

static bool reachable_by_default(const Egress *egress, const Address *address) {
        size_t longest = 0;
        bool found = false;

        for (size_t i = 0; i < ELEMENTSOF(builtin); i++) {
                if (!prefix_contains(&egress->builtin[i], address))
                        continue;
                if (!found || egress->builtin[i].bits > egress->builtin[longest].bits)
                        longest = i;
                found = true;
        }

        return found && builtin[longest].reachable;
}

static bool address_allowed(const Egress *egress, const Address *address) {
        if (list_contains(&egress->allowed, address))
                return true;

        return !list_contains(&egress->denied, address) && reachable_by_default(egress, address);
}

static Address ipv4_at(const uint8_t *bytes, uint8_t invert) {
        Address address = { .family = AF_INET };

        for (size_t i = 0; i < 4; i++)
                address.bytes[i] = bytes[i] ^ invert;

        return address;
}

/* The IPv4 addresses that packets to this IPv6 address end up at; returns how many, none for a plain one. */
static size_t embedded_ipv4(const Address *address, Address *ret_ipv4) {
        static const uint8_t zero[12], mapped[12] = { [10] = 0xff, [11] = 0xff };
        static const uint8_t nat64[12] = { 0x00, 0x64, 0xff, 0x9b }, teredo[4] = { 0x20, 0x01 };
        const uint8_t *bytes = address->bytes;

        if (address->family != AF_INET6)
                return 0;

        if (!memcmp(bytes, zero, 12) && (bytes[12] || bytes[13] || bytes[14] || bytes[15] > 1)) {
                ret_ipv4[0] = ipv4_at(bytes + 12, 0); /* IPv4-compatible, but for :: and ::1 */
                return 1;
        }
        if (!memcmp(bytes, mapped, 12) || !memcmp(bytes, nat64, 12)) {
                ret_ipv4[0] = ipv4_at(bytes + 12, 0);
                return 1;
        }
        if (bytes[0] == 0x20 && bytes[1] == 0x02) {
                ret_ipv4[0] = ipv4_at(bytes + 2, 0); /* 6to4 */
                return 1;
        }
        if (!memcmp(bytes, teredo, 4)) {
                ret_ipv4[0] = ipv4_at(bytes + 12, 0xff); /* the client, written inverted: RFC 4380 */
                ret_ipv4[1] = ipv4_at(bytes + 4, 0);     /* its server, which gets packets too */
                return 2;
        }

        return 0;
}

static bool address_of(const struct sockaddr *sa, Address *ret_address) {
        Address address = { .family = sa->sa_family };

        if (sa->sa_family == AF_INET)
                memcpy(address.bytes, &((const struct sockaddr_in *)sa)->sin_addr, 4);
        else if (sa->sa_family == AF_INET6)
                memcpy(address.bytes, &((const struct sockaddr_in6 *)sa)->sin6_addr, 16);
        else
                return false;

        *ret_address = address;
        return true;
}

bool egress_allows(const Egress *egress, const struct sockaddr *sa) {
        Address address, ipv4[2];
        size_t n;

        if (!address_of(sa, &address))
                return false;

        n = embedded_ipv4(&address, ipv4);
        if (n == 0)
                return address_allowed(egress, &address);

        if (list_contains(&egress->denied, &address) && !list_contains(&egress->allowed, &address))
                return false;
        for (size_t i = 0; i < n; i++)
                if (!address_allowed(egress, &ipv4[i]))
                        return false;

        return true;
}

/* A prefix within ::ffff:0:0/96 means the IPv4 addresses that it spells. */
static void unmap(Prefix *prefix) {
        static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

        if (prefix->address.family != AF_INET6 || prefix->bits < 96 ||
                memcmp(prefix->address.bytes, mapped, 12))
                return;

        prefix->address = ipv4_at(prefix->address.bytes + 12, 0);
        prefix->bits -= 96;
}

static int list_add(PrefixList *list, const char *text, UserError *error) {
        Prefix prefix, *items;

        if (!parse_prefix(text, &prefix))
                return user_error_set(error, NULL, EGRESS_HINT, "\"%s\" is no address or prefix", text);

        items = reallocarray(list->items, list->n + 1, sizeof(*items));
        if (!items)
                return -ENOMEM;

        unmap(&prefix);
        list->items = items;
        list->items[list->n++] = prefix;
        return 0;
}

static int list_add_named(PrefixList *list, const char *text, UserError *error) {
        int r;

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                if (strcmp(text, names[i].name) != 0)
                        continue;

                r = list_add(list, names[i].prefixes[0], error);
                return r ? r : list_add(list, names[i].prefixes[1], error);
        }

        return list_add(list, text, error);
}

int egress_allow(Egress *egress, const char *prefix, UserError *error) {
        return list_add_named(&egress->allowed, prefix, error);
}

int egress_deny(Egress *egress, const char *prefix, UserError *error) {
        return list_add_named(&egress->denied, prefix, error);
}

Egress *egress_new(void) {
        Egress *egress = calloc(1, sizeof(*egress));

        if (!egress)
                return NULL;

        for (size_t i = 0; i < ELEMENTSOF(builtin); i++)
                if (!parse_prefix(builtin[i].prefix, &egress->builtin[i]))
                        abort(); /* the table above is wrong, and a rule that is not there would allow */

        return egress;
}

Egress *egress_free(Egress *egress) {
        if (!egress)
                return NULL;

        free(egress->allowed.items);
        free(egress->denied.items);
        free(egress);
        return NULL;
}

void egress_swap(Egress *egress, Egress *other) {
        Egress kept = *egress;

        *egress = *other;
        *other = kept;
}
