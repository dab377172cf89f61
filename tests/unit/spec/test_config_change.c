/* What differs between two readings of the configuration, and what is taken back of the second. */

#include "daemon/spec/config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/unit.h"

#define FILE_NAME "/tmp/test_config_change.conf"

static Config *read_text(const char *text) {
        const ConfigArguments arguments = { .file = FILE_NAME, .socket = "/run/x.sock" };
        FILE *file = fopen(FILE_NAME, "w");
        Config *config = NULL;

        assert_non_null(file);
        fputs(text, file);
        fclose(file);
        assert_int_equal(config_read(&arguments, &config, NULL), 0);
        unlink(FILE_NAME);
        return config;
}

/* The paths that differ, each with a blank behind. */
static char *differences(const Config *left, const Config *right, char *text, size_t size) {
        *text = '\0';
        for (const Option *option = config_options; option->path; option++) {
                bool differs = false;

                if (!option->later)
                        assert_int_equal(config_differs(left, right, option, &differs), 0);
                if (differs)
                        snprintf(text + strlen(text), size - strlen(text), "%s ", option->path);
        }

        return text;
}

static void test_only_values_make_a_difference(void **state) {
        _cleanup_(config_freep) Config *left = read_text("[Store]\nURI=sqlite:a\n[Limits]\nMaxJobs=5\n");
        _cleanup_(config_freep) Config *right =
                read_text("[Limits]\n# moved\nMaxJobs=5\n[Store]\nPageDocuments=5000\nURI=sqlite:a\n");
        char text[400];

        assert_string_equal(differences(left, right, text, sizeof(text)), "");
}

static void test_every_changed_value_is_found(void **state) {
        _cleanup_(config_freep) Config *left =
                read_text("[Store]\nURI=sqlite:a\n[Network]\nAllowAddress=::1\n");
        _cleanup_(config_freep) Config *right = read_text("[Store]\nURIFile=/x\n[Network]\nAllowAddress=::1 "
                                                          "10.0.0.0/8\nCAFile=/y\n[Limits]\nMaxJobs=5\n");
        char text[400];

        assert_string_equal(differences(left, right, text, sizeof(text)),
                "Store.URI Store.URIFile Network.AllowAddress Network.CAFile Limits.MaxJobs ");
}

static void keep(Config *config, Config *before, const Option *option) {
        assert_int_equal(config_keep_source(config, before, option), 0);
        config_keep(config, before, option);
}

static void test_what_is_kept_comes_with_its_place(void **state) {
        _cleanup_(config_freep) Config *before =
                read_text("[Store]\nURI=sqlite:a\nPageDocuments=10\n[Limits]\nMaxJobs=5\n");
        _cleanup_(config_freep) Config *config = read_text("\n\n[Store]\nURI=sqlite:b\nPageDocuments=20\n");
        char text[400];

        keep(config, before, option_find(config_options, "Store.URI"));
        keep(config, before, option_find(config_options, "Store.PageDocuments"));
        assert_string_equal(config->store.uri, "sqlite:a");
        assert_int_equal(config->store.page_documents, 10);
        assert_string_equal(config_source(config, "Store.URI"), FILE_NAME ":2");
        assert_string_equal(config_source(config, "Control.Socket"), "--socket");
        assert_int_equal(config->limits.max_jobs, 64);
        assert_string_equal(before->store.uri, "sqlite:b");
        assert_string_equal(differences(config, before, text, sizeof(text)),
                "Store.URI Store.PageDocuments Limits.MaxJobs ");
}

static void test_every_setting_can_be_kept(void **state) {
        static const char text[] =
                "[Store]\nURI=sqlite:a\nPageDocuments=7\n[Network]\nAllowAddress=::1\nDenyAddress=::2\n"
                "CAFile=/a\n[Control]\nMaxClients=7\n[Limits]\nMaxInFlight=7\nMaxJobs=7\n";
        _cleanup_(config_freep) Config *before = read_text(text);
        _cleanup_(config_freep) Config *same = read_text(text);
        _cleanup_(config_freep) Config *config = read_text("[Network]\nAllowAddress=10.0.0.0/8 10.0.0.1\n");
        char names[400];

        for (const Option *option = config_options; option->path; option++)
                if (!option->later)
                        keep(config, before, option);
        assert_string_equal(differences(config, same, names, sizeof(names)), "");
        assert_int_equal(before->network.allow.n, 2);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_only_values_make_a_difference),
                cmocka_unit_test(test_every_changed_value_is_found),
                cmocka_unit_test(test_what_is_kept_comes_with_its_place),
                cmocka_unit_test(test_every_setting_can_be_kept),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
