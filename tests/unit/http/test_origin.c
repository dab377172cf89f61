/* Which URLs name which origin, and when exchanges with one may start. */

#include "daemon/http/origin.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/unit.h"

static OriginTable *table_new(const char *proxy) {
        OriginTable *table = malloc(sizeof(*table));

        assert_non_null(table);
        assert_int_equal(origin_table_init(table, proxy), 0);
        return table;
}

static void table_freep(OriginTable **table) {
        origin_table_deinit(*table);
        free(*table);
}

static HttpOrigin *find(OriginTable *table, const char *url) {
        _cleanup_(user_error_deinit) UserError error = {};
        HttpOrigin *origin = NULL;

        if (origin_table_find(table, url, &origin, &error))
                fail_msg("%s: %s", url, error.message);

        return origin;
}

static void test_an_origin_is_scheme_host_and_port(void **state) {
        static const struct {
                const char *url;
                const char *name;
        } cases[] = {
                { "http://example.com", "http://example.com" },
                { "http://example.com/", "http://example.com" },
                { "HTTP://EXAMPLE.com/Path?q=1#f", "http://example.com" },
                { "http://example.com:80/a", "http://example.com" },
                { "https://example.com:443?a", "https://example.com" },
                { "https://example.com:8443/x", "https://example.com:8443" },
                { "http://example.com:443/", "http://example.com:443" },
                { "http://example.com:/", "http://example.com" },
                { "http://example.com#@other.example", "http://example.com" },
                { "http://example.com/?u=http://user:pw@other.example/", "http://example.com" },
                { "http://[::1]:8080/", "http://[::1]:8080" },
                { "http://[2001:DB8::1]/", "http://[2001:db8::1]" },
                { "http://127.0.0.1:1/", "http://127.0.0.1:1" },
                { "http://2130706433/", "http://127.0.0.1" }, /* one spelling for each address */
                { "http://a.example/\xc3\xa9", "http://a.example" },
                { "http://b\xc3\xbc"
                  "cher.example/",
                        "http://b\xc3\xbc"
                        "cher.example" }, /* IDN is curl's */
        };
        _cleanup_(table_freep) OriginTable *table = table_new(NULL);

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                for (unsigned again = 0; again < 2; again++) /* the second time by reference */
                        assert_string_equal(http_origin_name(find(table, cases[i].url)), cases[i].name);
}

static void test_a_url_that_is_none_is_refused_and_its_password_not_repeated(void **state) {
        static const char *const cases[] = {
                "",
                "/",
                "example.com",
                "//example.com/",
                "http:",
                "http:/example.com/",
                "http:example.com",
                "http://",
                "http:///example.com/",
                "http:////example.com",
                "http://:80/",
                "http://example.com:0/",
                "http://example.com:65536/",
                "http://example.com:x/",
                "http://example.com:-1/",
                "http:// /",
                "http://exa mple.com/",
                "http://example.com/a b",
                "http://example.com/a\tb",
                "http://example.com/\n",
                " http://example.com/",
                "http://user@example.com/",
                "http://user:secret@example.com/",
                "http://:secret@example.com/",
                "http://@example.com/",
                "ftp://example.com/",
                "file:///etc/passwd",
                "gopher://example.com/",
                "javascript:alert(1)",
                "http://[::1/",
                "http://[fe80]/",
                "http://a<b/",
                "http://{host}/",
                "http://exam%20ple.com/",
                "ws://example.com/",
                "mailto:a@example.com",
        };
        _cleanup_(table_freep) OriginTable *table = table_new(NULL);

        find(table, "http://example.com/a/b"); /* nothing may count as relative to it */
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(user_error_deinit) UserError error = {};
                HttpOrigin *origin = NULL;

                if (origin_table_find(table, cases[i], &origin, &error) != ENGINE_E_BAD_URL)
                        fail_msg("\"%s\" was accepted", cases[i]);
                assert_null(origin);
                assert_non_null(error.message);
                assert_null(strstr(error.message, "secret"));
        }
}

static void test_urls_of_one_origin_share_it(void **state) {
        _cleanup_(table_freep) OriginTable *table = table_new(NULL);
        HttpOrigin *one = find(table, "http://example.com/1");

        assert_ptr_equal(find(table, "http://example.com/2"), one);
        assert_ptr_equal(find(table, "http://Example.com:80?3"), one);
        assert_ptr_not_equal(find(table, "https://example.com/"), one);
        assert_ptr_not_equal(find(table, "http://example.com.evil.example/"), one);
        assert_ptr_not_equal(find(table, "http://example.community/"), one);
}

static void test_origins_nobody_holds_are_remembered_up_to_a_bound(void **state) {
        _cleanup_(table_freep) OriginTable *table = table_new(NULL);
        HttpOrigin *held = find(table, "http://held.example/");
        char url[64];

        for (unsigned i = 0; i < 3 * ORIGIN_UNHELD_MAX; i++) {
                snprintf(url, sizeof(url), "http://host%u.example/", i);
                http_origin_unref(find(table, url));
        }

        assert_int_equal(table->n_unheld, ORIGIN_UNHELD_MAX);
        assert_ptr_equal(find(table, "http://held.example/"), held);
        http_origin_unref(find(table, url));
        assert_int_equal(table->n_unheld, ORIGIN_UNHELD_MAX);
        assert_null(http_origin_unref(NULL));
}

static void test_the_lowest_free_slot_is_taken(void **state) {
        _cleanup_(table_freep) OriginTable *table = table_new(NULL);
        HttpOrigin *origin = find(table, "http://example.com/");
        uint32_t slot;

        for (uint32_t i = 0; i < 1000; i++) {
                assert_int_equal(origin_take_slot(origin, &slot), 0);
                assert_int_equal(slot, i);
        }

        static const uint32_t given[] = { 700, 3, 64, 999 }, taken[] = { 3, 64, 700, 999, 1000 };

        for (size_t i = 0; i < ELEMENTSOF(given); i++)
                origin_give_slot(origin, given[i]);
        for (size_t i = 0; i < ELEMENTSOF(taken); i++) {
                assert_int_equal(origin_take_slot(origin, &slot), 0);
                assert_int_equal(slot, taken[i]);
        }
}

static void test_one_exchange_looks_a_name_up_for_all(void **state) {
        _cleanup_(table_freep) OriginTable *table = table_new(NULL);
        HttpOrigin *origin = find(table, "http://example.com/");

        assert_true(http_origin_ready(origin));
        assert_true(origin_begin_lookup(origin, 1000));
        assert_false(http_origin_ready(origin));
        assert_false(origin_begin_lookup(origin, 1000));

        origin_end_lookup(origin, 0); /* not found: the next one tries */
        assert_true(http_origin_ready(origin));
        assert_true(origin_begin_lookup(origin, 2000));
        origin_end_lookup(origin, 3000);
        assert_true(http_origin_ready(origin));
        assert_false(origin_begin_lookup(origin, 3000 + ORIGIN_NAME_AGE_US - 1));
        assert_true(origin_begin_lookup(origin, 3000 + ORIGIN_NAME_AGE_US));
}

static void test_an_address_needs_no_lookup(void **state) {
        static const char *const urls[] = { "http://127.0.0.1:1/", "http://[::1]/", "http://0x7f000001/" };
        _cleanup_(table_freep) OriginTable *table = table_new(NULL);

        for (size_t i = 0; i < ELEMENTSOF(urls); i++) {
                HttpOrigin *origin = find(table, urls[i]);

                assert_false(origin_begin_lookup(origin, 1000));
                assert_true(http_origin_ready(origin));
        }
}

static void test_few_names_are_looked_up_at_once(void **state) {
        _cleanup_(table_freep) OriginTable *table = table_new(NULL);
        HttpOrigin *old = find(table, "http://old.example/"), *first = NULL;
        char url[64];

        assert_true(origin_begin_lookup(old, 1));
        origin_end_lookup(old, 1);

        for (unsigned i = 0; i < ORIGIN_LOOKUPS_MAX; i++) {
                snprintf(url, sizeof(url), "http://host%u.example/", i);
                first = find(table, url);
                assert_true(http_origin_ready(first));
                assert_true(origin_begin_lookup(first, 1000));
        }

        assert_false(http_origin_ready(find(table, "http://new.example/")));
        assert_true(http_origin_ready(old)); /* its old address still serves, the new lookup waits */
        assert_false(origin_begin_lookup(old, 2 * ORIGIN_NAME_AGE_US));

        origin_end_lookup(first, 2000);
        assert_true(http_origin_ready(find(table, "http://new.example/")));
        assert_true(origin_begin_lookup(old, 2 * ORIGIN_NAME_AGE_US));
}

static void test_behind_a_proxy_only_its_name_is_looked_up(void **state) {
        _cleanup_(table_freep) OriginTable *named = table_new("http://proxy.example:3128");
        _cleanup_(table_freep) OriginTable *literal = table_new("http://127.0.0.1:3128");

        assert_true(origin_begin_lookup(find(named, "http://a.example/"), 1000));
        assert_false(http_origin_ready(find(named, "http://b.example/")));
        assert_false(origin_begin_lookup(find(literal, "http://a.example/"), 1000));
        assert_true(http_origin_ready(find(literal, "http://a.example/")));
}

static void test_a_proxy_must_be_an_http_url(void **state) {
        static const char *const cases[] = { "socks5://127.0.0.1/", "ftp://proxy.example/", "http://",
                "a b", "proxy.example:3128" };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                OriginTable table;

                assert_int_equal(origin_table_init(&table, cases[i]), -EINVAL);
        }
}

static void test_a_redirect_target_is_compared_by_origin(void **state) {
        _cleanup_(table_freep) OriginTable *table = table_new(NULL);
        HttpOrigin *origin = find(table, "https://example.com/");

        assert_true(origin_is_of(origin, "https://EXAMPLE.com:443/x"));
        assert_true(origin_is_of(origin, "https://user@example.com/"));
        assert_false(origin_is_of(origin, "http://example.com/"));
        assert_false(origin_is_of(origin, "https://example.com:444/"));
        assert_false(origin_is_of(origin, "https://www.example.com/"));
        assert_false(origin_is_of(origin, "nonsense"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_an_origin_is_scheme_host_and_port),
                cmocka_unit_test(test_a_url_that_is_none_is_refused_and_its_password_not_repeated),
                cmocka_unit_test(test_urls_of_one_origin_share_it),
                cmocka_unit_test(test_origins_nobody_holds_are_remembered_up_to_a_bound),
                cmocka_unit_test(test_the_lowest_free_slot_is_taken),
                cmocka_unit_test(test_one_exchange_looks_a_name_up_for_all),
                cmocka_unit_test(test_an_address_needs_no_lookup),
                cmocka_unit_test(test_few_names_are_looked_up_at_once),
                cmocka_unit_test(test_behind_a_proxy_only_its_name_is_looked_up),
                cmocka_unit_test(test_a_proxy_must_be_an_http_url),
                cmocka_unit_test(test_a_redirect_target_is_compared_by_origin),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
