/* Which addresses are denied by default, and how the rules of the configuration beat each other. */

#include "daemon/http/egress.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include "tests/unit/unit.h"

static bool allows(const Egress *egress, const char *text) {
        struct sockaddr_in ipv4 = { .sin_family = AF_INET };
        struct sockaddr_in6 ipv6 = { .sin6_family = AF_INET6 };

        if (inet_pton(AF_INET, text, &ipv4.sin_addr) == 1)
                return egress_allows(egress, (struct sockaddr *)&ipv4);

        assert_int_equal(inet_pton(AF_INET6, text, &ipv6.sin6_addr), 1);
        return egress_allows(egress, (struct sockaddr *)&ipv6);
}

static void test_only_public_addresses_are_allowed_by_default(void **state) {
        static const struct {
                const char *address;
                bool allowed;
        } cases[] = {
                { "1.1.1.1", true },
                { "8.8.8.8", true },
                { "93.184.216.34", true },
                { "223.255.255.255", true },
                { "9.255.255.255", true },
                { "11.0.0.0", true },
                { "0.0.0.0", false },
                { "0.1.2.3", false },
                { "10.0.0.1", false },
                { "10.255.255.255", false },
                { "100.63.255.255", true },
                { "100.64.0.0", false },
                { "100.127.255.255", false },
                { "100.128.0.0", true },
                { "127.0.0.1", false },
                { "127.255.255.254", false },
                { "169.254.169.254", false }, /* the metadata service of many clouds */
                { "172.15.255.255", true },
                { "172.16.0.1", false },
                { "172.31.255.255", false },
                { "172.32.0.0", true },
                { "192.0.0.1", false },
                { "192.0.0.9", true },
                { "192.0.0.10", true },
                { "192.0.0.11", false },
                { "192.0.0.171", false },
                { "192.0.1.1", true },
                { "192.0.2.1", false },
                { "192.31.196.1", true },
                { "192.52.193.1", true },
                { "192.88.99.1", false },
                { "192.168.1.1", false },
                { "192.175.48.1", true },
                { "198.17.255.255", true },
                { "198.18.0.1", false },
                { "198.19.255.255", false },
                { "198.51.100.7", false },
                { "203.0.113.7", false },
                { "224.0.0.1", false },
                { "239.255.255.255", false },
                { "240.0.0.1", false },
                { "255.255.255.255", false },
                { "::", false },
                { "::1", false },
                { "2606:4700::1111", true },
                { "2a00:1450::8", true },
                { "2001:4860:4860::8888", true },
                { "64:ff9b:1::1", false },
                { "100::1", false },
                { "100:0:0:1::1", false },
                { "2001:1::", false },
                { "2001:1::1", true },
                { "2001:1::2", true },
                { "2001:1::3", true },
                { "2001:1::4", false },
                { "2001:2::1", false },
                { "2001:3::1", true },
                { "2001:4:112::1", true },
                { "2001:4:113::1", false },
                { "2001:10::1", false },
                { "2001:20::1", true },
                { "2001:30::1", true },
                { "2001:1ff::1", false },
                { "2001:200::1", true },
                { "2001:db8::1", false },
                { "2620:4f:8000::1", true },
                { "3fff::1", false },
                { "3fff:1000::1", true },
                { "4000::1", false },
                { "5f00::1", false },
                { "fc00::1", false },
                { "fd12:3456::1", false },
                { "fe80::1", false },
                { "fec0::1", false },
                { "ff02::1", false },
                { "ff0e::1", false },
        };
        _cleanup_(egress_freep) Egress *egress = egress_new();

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                if (allows(egress, cases[i].address) != cases[i].allowed)
                        fail_msg(
                                "%s: expected %s", cases[i].address, cases[i].allowed ? "allowed" : "denied");
}

static void test_ipv4_inside_ipv6_is_judged_as_that_ipv4(void **state) {
        static const struct {
                const char *address;
                bool allowed;
        } cases[] = {
                { "::ffff:8.8.8.8", true }, { "::ffff:127.0.0.1", false }, { "::ffff:10.0.0.1", false },
                { "::8.8.8.8", true }, { "::127.0.0.1", false }, { "64:ff9b::8.8.8.8", true },
                { "64:ff9b::192.168.0.1", false }, { "2002:808:808::1", true }, { "2002:a00:1::1", false },
                { "2002:7f00:1::", false },
                { "2001:0:808:808::f7f7:f7f7", true },  /* Teredo: client 8.8.8.8 by server 8.8.8.8 */
                { "2001:0:808:808::80ff:fffe", false }, /* client 127.0.0.1 */
                { "2001:0:a00:1::f7f7:f7f7", false },   /* server 10.0.0.1 */
        };
        _cleanup_(egress_freep) Egress *egress = egress_new();

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                if (allows(egress, cases[i].address) != cases[i].allowed)
                        fail_msg(
                                "%s: expected %s", cases[i].address, cases[i].allowed ? "allowed" : "denied");
}

static void test_other_families_are_denied(void **state) {
        _cleanup_(egress_freep) Egress *egress = egress_new();
        struct sockaddr_un local = { .sun_family = AF_UNIX };
        UserError error = {};

        assert_int_equal(egress_allow(egress, "any", &error), 0);
        assert_false(egress_allows(egress, (struct sockaddr *)&local));
}

static void test_allow_beats_deny_beats_the_default(void **state) {
        static const struct {
                const char *allow;
                const char *deny;
                const char *address;
                bool allowed;
        } cases[] = {
                { "10.0.0.0/8", NULL, "10.1.2.3", true },
                { "10.0.0.0/8", NULL, "11.1.2.3", true },
                { "10.0.0.0/8", NULL, "192.168.1.1", false },
                { "10.1.0.0/16", "10.0.0.0/8", "10.1.2.3", true },
                { "10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", true },
                { NULL, "8.8.8.0/24", "8.8.8.8", false },
                { NULL, "8.8.8.0/24", "8.8.9.8", true },
                { NULL, "8.8.8.8", "8.8.8.9", true },
                { NULL, "any", "8.8.8.8", false },
                { NULL, "any", "2606:4700::1111", false },
                { "8.8.8.8", "any", "8.8.8.8", true },
                { "any", "any", "127.0.0.1", true },
                { "any", NULL, "fe80::1", true },
                { "localhost", NULL, "127.9.9.9", true },
                { "localhost", NULL, "::1", true },
                { "localhost", NULL, "::2", false },
                { "localhost", NULL, "::ffff:127.0.0.1", true },
                { "link-local", NULL, "169.254.1.1", true },
                { "link-local", NULL, "fe80::1", true },
                { "link-local", NULL, "fe80:1::1", false }, /* systemd means fe80::/64 */
                { "multicast", NULL, "224.0.0.251", true },
                { "multicast", NULL, "ff02::fb", true },
                { "fd00::/8", NULL, "fd00::1", true },
                { "fd00::/8", NULL, "fc00::1", false },
                { "fd00::1/12", NULL, "fd0f::1", true }, /* bits behind the prefix do not count */
                { "10.0.0.0/9", NULL, "10.127.0.1", true },
                { "10.0.0.0/9", NULL, "10.128.0.1", false },
                { "::/0", NULL, "10.0.0.1", false },
                { "::/0", NULL, "::ffff:10.0.0.1", false }, /* that is IPv4 */
                { "2002::/16", NULL, "2002:a00:1::1", false },
                { NULL, "2002::/16", "2002:808:808::1", false },
                { NULL, "8.8.8.8", "2002:808:808::1", false },
                { "::ffff:10.0.0.0/104", NULL, "10.1.2.3", true },
                { "::ffff:10.0.0.0/104", NULL, "10.255.2.3", true },
                { "::ffff:192.168.1.0/120", NULL, "192.168.2.1", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(egress_freep) Egress *egress = egress_new();
                UserError error = {};

                if (cases[i].allow)
                        assert_int_equal(egress_allow(egress, cases[i].allow, &error), 0);
                if (cases[i].deny)
                        assert_int_equal(egress_deny(egress, cases[i].deny, &error), 0);
                if (allows(egress, cases[i].address) != cases[i].allowed)
                        fail_msg("case %zu, %s: expected %s", i, cases[i].address,
                                cases[i].allowed ? "allowed" : "denied");
        }
}

static void test_what_is_no_prefix_is_refused_with_a_hint(void **state) {
        static const char *const cases[] = {
                "",
                "/",
                "10.0.0.0/",
                "10.0.0.0/33",
                "10.0.0.0/-1",
                "10.0.0.0/8 ",
                "10.0.0/8",
                "10.0.0.0.0/8",
                "::1/129",
                "::1/0x8",
                "fe80::1%eth0",
                "example.com",
                "Any",
                "local",
                "010.0.0.1",
                "10.0.0.0/08000",
                "1111:2222:3333:4444:5555:6666:7777:8888:9999:0000:1111",
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(egress_freep) Egress *egress = egress_new();
                _cleanup_(user_error_deinit) UserError error = {};

                if (egress_allow(egress, cases[i], &error) != -EINVAL)
                        fail_msg("\"%s\" was accepted", cases[i]);
                assert_non_null(error.message);
                assert_non_null(strstr(error.hint, "10.0.0.0/8"));
                assert_false(allows(egress, "10.0.0.1"));
        }
}

static void test_rules_can_be_exchanged(void **state) {
        _cleanup_(egress_freep) Egress *egress = egress_new();
        _cleanup_(egress_freep) Egress *other = egress_new();

        assert_int_equal(egress_allow(egress, "10.0.0.0/8", NULL), 0);
        assert_int_equal(egress_deny(other, "192.0.2.1", NULL), 0);
        assert_int_equal(egress_allow(other, "127.0.0.0/8", NULL), 0);
        egress_swap(egress, other);
        assert_false(allows(egress, "10.0.0.1"));
        assert_true(allows(egress, "127.0.0.1"));
        assert_true(allows(other, "10.0.0.1"));
        assert_false(allows(other, "127.0.0.1"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_only_public_addresses_are_allowed_by_default),
                cmocka_unit_test(test_ipv4_inside_ipv6_is_judged_as_that_ipv4),
                cmocka_unit_test(test_other_families_are_denied),
                cmocka_unit_test(test_allow_beats_deny_beats_the_default),
                cmocka_unit_test(test_what_is_no_prefix_is_refused_with_a_hint),
                cmocka_unit_test(test_rules_can_be_exchanged),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
