/* Which URLs may name a proxy, and that what is wrong with one is told without its password. */

#include "daemon/http/proxy.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/unit.h"

static void test_urls_of_proxies(void **state) {
        static const struct {
                const char *url;
                int r;
                bool literal;
        } cases[] = {
                { "http://proxy.example.com:3128", 0, false },
                { "http://proxy:80/", 0, false },
                { "HTTPS://proxy:443", 0, false },
                { "http://192.0.2.1:3128", 0, true },
                { "http://[2001:db8::1]:3128", 0, true },
                { "http://user:sesame@proxy:3128", 0, false },
                { "http://user:s%40me@proxy:3128", 0, false },
                { "http:/user:sesame@proxy:3128", -EINVAL, false },
                { "http:user:sesame@proxy:3128", -EINVAL, false },
                { "proxy:3128", -EINVAL, false },
                { "proxy", -EINVAL, false },
                { "http://proxy", -EINVAL, false },
                { "https://user:sesame@proxy", -EINVAL, false },
                { "http://proxy:0", -EINVAL, false },
                { "http://proxy:99999", -EINVAL, false },
                { "http://:3128", -EINVAL, false },
                { "socks5://user:sesame@proxy:1080", -EINVAL, false },
                { "http://proxy:3128/sesame", -EINVAL, false },
                { "http://proxy:3128?sesame", -EINVAL, false },
                { "http://proxy:3128/#sesame", -EINVAL, false },
                { "http://user:sesame@pro xy:3128", -EINVAL, false },
                { "", -EINVAL, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(user_error_deinit) UserError error = {};
                bool literal = false;

                if (proxy_parse(cases[i].url, &literal, &error) != cases[i].r || literal != cases[i].literal)
                        fail_msg("%s: %s", cases[i].url, error.message);
                if (!cases[i].r)
                        continue;

                assert_null(strstr(error.message, "sesame"));
                assert_non_null(strstr(error.hint, "http://proxy.example.com:3128"));
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_urls_of_proxies),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
