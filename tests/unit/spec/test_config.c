/*
 * Configuration files: what is read, in which order, what is refused and at which line, and what is never
 * shown.
 */

#include "daemon/spec/config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/unit.h"

typedef struct Place Place;

/* A folder of its own for each test, entered, so that error texts hold short names. */
struct Place {
        char folder[64];
        char before[4096];
};

static int setup(void **state) {
        Place *place = calloc(1, sizeof(*place));

        strcpy(place->folder, "/tmp/test_config.XXXXXX");
        assert_non_null(getcwd(place->before, sizeof(place->before)));
        assert_non_null(mkdtemp(place->folder));
        assert_int_equal(chdir(place->folder), 0);
        unsetenv("CREDENTIALS_DIRECTORY");
        *state = place;
        return 0;
}

static int teardown(void **state) {
        static const char *const files[] = { "reqd.conf", "uri", "reqd.conf.d/a.conf", "reqd.conf.d/b.conf",
                "reqd.conf.d/B.conf", "reqd.conf.d/.x.conf", "reqd.conf.d/c.txt" };
        Place *place = *state;

        for (size_t i = 0; i < ELEMENTSOF(files); i++)
                unlink(files[i]);
        rmdir("reqd.conf.d");

        assert_int_equal(chdir(place->before), 0);
        assert_int_equal(rmdir(place->folder), 0);
        free(place);
        return 0;
}

static void write_bytes(const char *name, const char *text, size_t len) {
        FILE *file = fopen(name, "w");

        assert_non_null(file);
        assert_int_equal(fwrite(text, 1, len, file), len);
        assert_int_equal(fclose(file), 0);
}

static void write_file(const char *name, const char *text) {
        write_bytes(name, text, strlen(text));
}

static Config *config_of(const char *text) {
        UserError error = {};
        Config *config = NULL;

        write_file("reqd.conf", text);
        assert_int_equal(config_new("reqd.conf", &config, &error), 0);
        assert_null(error.message);
        return config;
}

static void assert_refused(const char *text, size_t len, const char *told) {
        _cleanup_(user_error_deinit) UserError error = {};
        _cleanup_free_ char *formatted = NULL;
        Config *config = NULL;

        write_bytes("reqd.conf", text, len);
        assert_int_equal(config_new("reqd.conf", &config, &error), -EINVAL);
        assert_null(config);
        formatted = user_error_format(&error);
        assert_string_equal(formatted, told);
}

static void test_an_empty_file_gives_the_defaults(void **state) {
        _cleanup_(config_freep) Config *config = config_of("");

        assert_null(config->store.uri);
        assert_int_equal(config->store.page_documents, 5000);
        assert_int_equal(config->network.allow.n, 0);
        assert_null(config->control.socket);
        assert_int_equal(config->control.max_clients, 64);
        assert_int_equal(config->limits.max_in_flight, 10000);
        assert_int_equal(config->limits.max_jobs, 64);
        assert_string_equal(config_source(config, "Limits.MaxJobs"), "default");
}

static void test_every_key_has_its_place(void **state) {
        _cleanup_(config_freep) Config *config = config_of("# a comment\n"
                                                           "; another\n"
                                                           "\n"
                                                           "[Store]\n"
                                                           "URI = sqlite:/var/lib/reqd/a=b;c\n"
                                                           "  PageDocuments=10\r\n"
                                                           "[Network]\n"
                                                           "AllowAddress=10.0.0.0/8  ::1\n"
                                                           "DenyAddress=192.0.2.1\n"
                                                           "CAFile=/etc/ca.pem\n"
                                                           "[Control]\n"
                                                           "\tSocket=/run/x.sock\n"
                                                           "MaxClients=2\n"
                                                           "[Limits]\n"
                                                           "MaxInFlight=20\n"
                                                           "MaxJobs=3");

        assert_string_equal(config->store.uri, "sqlite:/var/lib/reqd/a=b;c");
        assert_int_equal(config->store.page_documents, 10);
        assert_int_equal(config->network.allow.n, 2);
        assert_string_equal(config->network.allow.items[1], "::1");
        assert_string_equal(config->network.deny.items[0], "192.0.2.1");
        assert_string_equal(config->network.ca_file, "/etc/ca.pem");
        assert_string_equal(config->control.socket, "/run/x.sock");
        assert_int_equal(config->control.max_clients, 2);
        assert_int_equal(config->limits.max_in_flight, 20);
        assert_int_equal(config->limits.max_jobs, 3);

        assert_string_equal(config_source(config, "Store.PageDocuments"), "reqd.conf:6");
        assert_string_equal(config_source(config, "Control.Socket"), "reqd.conf:12");
        assert_string_equal(config_source(config, "Limits.MaxJobs"), "reqd.conf:16");
}

static void test_a_byte_order_mark_is_skipped(void **state) {
        _cleanup_(config_freep) Config *config = config_of("\xef\xbb\xbf[Limits]\nMaxJobs=3\n");

        assert_int_equal(config->limits.max_jobs, 3);
}

static void test_lists_add_up_and_know_where_each_item_is_from(void **state) {
        _cleanup_(config_freep) Config *config = config_of("[Network]\n"
                                                           "AllowAddress=10.0.0.1 10.0.0.2\n"
                                                           "AllowAddress=10.0.0.3\n"
                                                           "DenyAddress=10.0.0.4\n"
                                                           "DenyAddress=\n"
                                                           "DenyAddress=10.0.0.5\n");

        assert_int_equal(config->network.allow.n, 3);
        assert_string_equal(config->network.allow.items[2], "10.0.0.3");
        assert_string_equal(config_source(config, "Network.AllowAddress[0]"), "reqd.conf:2");
        assert_string_equal(config_source(config, "Network.AllowAddress[1]"), "reqd.conf:2");
        assert_string_equal(config_source(config, "Network.AllowAddress[2]"), "reqd.conf:3");
        assert_string_equal(config_source(config, "Network.AllowAddress"), "reqd.conf:2, reqd.conf:3");

        assert_int_equal(config->network.deny.n, 1);
        assert_string_equal(config->network.deny.items[0], "10.0.0.5");
        assert_string_equal(config_source(config, "Network.DenyAddress[0]"), "reqd.conf:6");
        assert_string_equal(config_source(config, "Network.DenyAddress"), "reqd.conf:6");
}

static void test_an_empty_assignment_brings_back_the_default(void **state) {
        _cleanup_(config_freep) Config *config =
                config_of("[Limits]\nMaxJobs=3\nMaxJobs=\n[Store]\nURI=sqlite:x\nURI=\n");

        assert_int_equal(config->limits.max_jobs, 64);
        assert_string_equal(config_source(config, "Limits.MaxJobs"), "default");
        assert_null(config->store.uri);
}

static void test_drop_ins_come_after_in_order_of_their_names(void **state) {
        _cleanup_(config_freep) Config *config = NULL;

        assert_int_equal(mkdir("reqd.conf.d", 0700), 0);
        write_file("reqd.conf.d/b.conf", "[Limits]\nMaxJobs=2\n[Network]\nAllowAddress=10.0.0.3\n");
        write_file("reqd.conf.d/a.conf",
                "[Limits]\nMaxJobs=1\nMaxInFlight=1\n[Network]\nAllowAddress=10.0.0.2\n");
        write_file("reqd.conf.d/B.conf", "[Limits]\nMaxJobs=5\nMaxInFlight=5\n");
        write_file("reqd.conf.d/.x.conf", "nonsense\n");
        write_file("reqd.conf.d/c.txt", "nonsense\n");
        config = config_of("[Limits]\nMaxJobs=7\n[Network]\nAllowAddress=10.0.0.1\n");

        assert_int_equal(config->limits.max_jobs, 2);
        assert_int_equal(config->limits.max_in_flight, 1);
        assert_string_equal(config->network.allow.items[0], "10.0.0.1");
        assert_string_equal(config->network.allow.items[1], "10.0.0.2");
        assert_string_equal(config->network.allow.items[2], "10.0.0.3");
        assert_string_equal(config_source(config, "Limits.MaxJobs"), "reqd.conf.d/b.conf:2");
}

static void test_an_error_in_a_drop_in_names_that(void **state) {
        _cleanup_(user_error_deinit) UserError error = {};
        Config *config = NULL;

        assert_int_equal(mkdir("reqd.conf.d", 0700), 0);
        write_file("reqd.conf", "");
        write_file("reqd.conf.d/a.conf", "\n[Limits]\nMaxJobs=x\n");
        assert_int_equal(config_new("reqd.conf", &config, &error), -EINVAL);
        assert_string_equal(error.where, "reqd.conf.d/a.conf:3");
}

static void test_a_named_file_must_be_there(void **state) {
        _cleanup_(user_error_deinit) UserError error = {}, folder_error = {};
        Config *config = NULL;

        assert_int_equal(config_new("absent.conf", &config, &error), -EINVAL);
        assert_string_equal(error.where, "absent.conf");
        assert_string_equal(error.message, "cannot be read: No such file or directory");

        assert_int_equal(config_new(".", &config, &folder_error), -EINVAL);
        assert_string_equal(folder_error.message, "cannot be read: Is a directory");
}

static void test_wrong_lines_are_refused_by_number(void **state) {
        static const struct {
                const char *text;
                const char *told;
        } cases[] = {
                { "[Limits]\nMaxJobs=0\n", "reqd.conf:2: 0 is too small (write 1 to 10000)" },
                { "[Limits]\n\n#x\nMaxJobs=many\n",
                        "reqd.conf:4: \"many\" is not a whole number (write digits only)" },
                { "[Limits]\nMaxInflght=1\n",
                        "reqd.conf:2: [Limits] has no key MaxInflght= (did you mean MaxInFlight=?)" },
                { "[Limits]\nmaxjobs=1\n",
                        "reqd.conf:2: [Limits] has no key maxjobs= (did you mean MaxJobs=?)" },
                { "[Store]\nMaxJobs=1\n", "reqd.conf:2: [Store] has no key MaxJobs= (did you mean MaxJobs= "
                                          "of another section?)" },
                { "[Store]\nxyzzy=1\n", "reqd.conf:2: [Store] has no key xyzzy=" },
                { "[Stor]\nURI=x\n", "reqd.conf:2: there is no section [Stor] (did you mean [Store]?)" },
                { "[Xyzzy]\nURI=x\n", "reqd.conf:2: there is no section [Xyzzy] (write [Store], [Network], "
                                      "[Control], [Limits] or [Log])" },
                { "URI=x\n", "reqd.conf:1: this stands before the first [Section] (write [Store] above it)" },
                { "[Store\nURI=x\n", "reqd.conf:1: this is no section (write [Section] alone on its line)" },
                { "[Store] # x\n", "reqd.conf:1: this is no section (write [Section] alone on its line)" },
                { "[Store]\nURI\n",
                        "reqd.conf:2: this is neither a [Section] nor an assignment (write Key=Value)" },
                { "[Store]\nURI: x=1\n",
                        "reqd.conf:2: this is neither a [Section] nor an assignment (write Key=Value)" },
                { "[Store]\nURI=a ; b\n",
                        "reqd.conf:2: a comment cannot end a line (give the comment a line of its own)" },
                { "[Store]\nURI=a\t;b\n",
                        "reqd.conf:2: a comment cannot end a line (give the comment a line of its own)" },
                { "[Limits]\nMaxMemory=1GiB\n", "reqd.conf:2: MaxMemory= is not supported yet" },
                { "[Limits]\nMaxMemory=\n", "reqd.conf:2: MaxMemory= is not supported yet" },
                { "[Credential api]\nFile=x\n", "reqd.conf:2: [Credential api] is not supported yet" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                assert_refused(cases[i].text, strlen(cases[i].text), cases[i].told);
}

static void test_a_nul_is_no_text(void **state) {
        static const char told[] = "reqd.conf:2: there is a NUL in this line";

        assert_refused("[Store]\nURI=a\0b\n", 16, told);
        assert_refused("[Store]\n\0URI=ab\n", 16, told);
        assert_refused("[Store]\nURI=ab\0\n", 16, told);
}

/* What is applied is applied after everything could be read: the error is that of the last line. */
static void test_nothing_counts_before_all_lines_are_read(void **state) {
        assert_refused("[Limits]\nMaxJobs=0\n[broken\n", 27,
                "reqd.conf:3: this is no section (write [Section] alone on its line)");
}

static void test_long_lines_are_refused_rather_than_split(void **state) {
        for (int len = 199; len <= 200; len++) {
                _cleanup_free_ char *text = NULL;

                assert_true(asprintf(&text, "[Store]\n  URI=%0*d  \n[Limits]\nMaxJobs=3\n", len - 4, 7) > 0);
                if (len == 199) {
                        _cleanup_(config_freep) Config *config = config_of(text);

                        assert_int_equal(strlen(config->store.uri), 195);
                        assert_int_equal(config->store.uri[194], '7');
                        assert_string_equal(config_source(config, "Limits.MaxJobs"), "reqd.conf:4");
                } else {
                        assert_refused(text, strlen(text),
                                "reqd.conf:2: this line has more than 199 bytes (write several assignments, "
                                "or a "
                                "long URI into a file that URIFile= names)");
                }
        }
}

static void test_a_comment_may_be_of_any_length(void **state) {
        _cleanup_(config_freep) Config *config = NULL;
        _cleanup_free_ char *text = NULL;

        assert_true(asprintf(&text, "[Limits]\n; %05000d=1\nMaxJobs=3\n", 0) > 0);
        config = config_of(text);
        assert_int_equal(config->limits.max_jobs, 3);
        assert_string_equal(config_source(config, "Limits.MaxJobs"), "reqd.conf:3");
}

static void test_arguments_override_files(void **state) {
        _cleanup_(config_freep) Config *config = config_of("[Store]\nURIFile=/x\n[Limits]\nMaxJobs=3\n");
        _cleanup_(user_error_deinit) UserError error = {};
        _cleanup_free_ char *uri = NULL;

        assert_int_equal(config_set(config, "Store.URI", "sqlite:y", "--store", &error), 0);
        assert_string_equal(config_source(config, "Store.URI"), "--store");
        assert_null(config->store.uri_file);
        assert_string_equal(config_source(config, "Store.URIFile"), "default");
        assert_int_equal(config_store_uri(config, &uri, &error), 0);
        assert_string_equal(uri, "sqlite:y");

        assert_int_equal(config_set(config, "Limits.MaxJobs", "x", "--jobs", &error), -EINVAL);
        assert_string_equal(error.where, "--jobs");
        assert_int_equal(config->limits.max_jobs, 3);
}

static void test_a_password_in_an_argument_is_refused(void **state) {
        static const struct {
                const char *uri;
                bool secret;
        } cases[] = {
                { "sqlite:/a:b@c", false },
                { "mongodb://h:27017/db?w=1", false },
                { "mongodb://user@h/db", false },
                { "mongodb://user:sesame@h/db", true },
                { "mongodb+srv://user:w/o?r@d@h", true },
                { "mongodb://h/?tlsCertificateKeyFilePassword=sesame", true },
                { "mongodb://h/?x=1&AuthMechanismProperties=AWS_SESSION_TOKEN:sesame", true },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(config_freep) Config *config = config_of("");
                _cleanup_(user_error_deinit) UserError error = {};

                assert_int_equal(config_set(config, "Store.URI", cases[i].uri, "--store", &error),
                        cases[i].secret ? -EINVAL : 0);
                if (cases[i].secret) {
                        assert_string_equal(error.where, "--store");
                        assert_null(strstr(error.message, "sesame"));
                        assert_null(config->store.uri);
                }
        }
}

static void test_passwords_are_not_shown(void **state) {
        static const struct {
                const char *uri;
                const char *shown;
        } cases[] = {
                { "sqlite:/a:b@c", "sqlite:/a:b@c" },
                { "mongodb://h1:1,h2:2/db?w=1&x=y", "mongodb://h1:1,h2:2/db?w=1&x=y" },
                { "mongodb://user@h/db", "mongodb://user@h/db" },
                { "mongodb://user:sesame@h1:1,h2/db?w=1", "mongodb://user:***@h1:1,h2/db?w=1" },
                { "mongodb://user:@h", "mongodb://user:***@h" },
                { "mongodb://user:w/o?r@d:x@h/db", "mongodb://user:***@h/db" },
                { "mongodb://u:p@h/?a=1&tlsCertificateKeyFilePassword=sesame&b=2",
                        "mongodb://u:***@h/?a=1&tlsCertificateKeyFilePassword=***&b=2" },
                { "mongodb://h/?authmechanismproperties=TOKEN:sesame",
                        "mongodb://h/?authmechanismproperties=***" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *text = NULL, *shown = NULL;
                _cleanup_(config_freep) Config *config = NULL;

                assert_true(asprintf(&text, "[Store]\nURI=%s\n", cases[i].uri) > 0);
                config = config_of(text);
                shown = config_show(config, option_find(config_options, "Store.URI"));
                assert_string_equal(shown, cases[i].shown);
        }
}

static void test_the_proxys_password_is_never_shown(void **state) {
        _cleanup_(config_freep) Config *config = config_of("[Network]\nProxy=http://user:sesame@p:3128\n");
        _cleanup_free_ char *shown = config_show(config, option_find(config_options, "Network.Proxy"));

        assert_string_equal(config->network.proxy, "http://user:sesame@p:3128");
        assert_string_equal(shown, "http://user:***@p:3128");
}

static void test_other_settings_are_shown_as_they_are(void **state) {
        _cleanup_(config_freep) Config *config = config_of("[Network]\nDenyAddress=10.0.0.1 10.0.0.2\n");
        static const struct {
                const char *path;
                const char *shown;
        } cases[] = {
                { "Network.DenyAddress", "10.0.0.1 10.0.0.2" },
                { "Network.AllowAddress", "" },
                { "Network.Proxy", "" },
                { "Limits.MaxInFlight", "10000" },
                { "Limits.MaxMemory", "" },
                { "Store.URI", "" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *shown = config_show(config, option_find(config_options, cases[i].path));

                assert_string_equal(shown, cases[i].shown);
        }
}

static void test_the_uri_may_be_in_a_file(void **state) {
        static const struct {
                const char *content;
                int r;
        } cases[] = {
                { "mongodb://u:p@h/db\n", 0 },
                { "mongodb://u:p@h/db \r\n\n", 0 },
                { "mongodb://u:p@h/db", 0 },
                { "", -EINVAL },
                { "\n", -EINVAL },
                { "a\nb\n", -EINVAL },
        };
        _cleanup_(config_freep) Config *config = config_of("[Store]\nURI=sqlite:x\nURIFile=uri\n");
        Place *place = *state;

        setenv("CREDENTIALS_DIRECTORY", place->folder, 1);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(user_error_deinit) UserError error = {};
                _cleanup_free_ char *uri = NULL;

                write_file("uri", cases[i].content);
                assert_int_equal(config_store_uri(config, &uri, &error), cases[i].r);
                if (cases[i].r == 0)
                        assert_string_equal(uri, "mongodb://u:p@h/db");
                else
                        assert_string_equal(error.where, "reqd.conf:3");
        }
}

static void test_a_uri_file_that_cannot_be_read_says_why(void **state) {
        _cleanup_(config_freep) Config *config = config_of("[Store]\nURIFile=uri\n");
        _cleanup_(user_error_deinit) UserError unset = {}, absent = {};
        char *uri = NULL;

        assert_int_equal(config_store_uri(config, &uri, &unset), -EINVAL);
        assert_string_equal(unset.where, "reqd.conf:2");
        assert_string_equal(
                unset.message, "\"uri\" names a credential, and $CREDENTIALS_DIRECTORY is not set");

        setenv("CREDENTIALS_DIRECTORY", "/nowhere", 1);
        assert_int_equal(config_store_uri(config, &uri, &absent), -EINVAL);
        assert_string_equal(absent.message, "/nowhere/uri: No such file or directory");
        assert_null(uri);
}

static void test_without_a_store_the_error_says_what_to_write(void **state) {
        _cleanup_(config_freep) Config *config = config_of("");
        _cleanup_(user_error_deinit) UserError error = {};
        char *uri = NULL;

        assert_int_equal(config_store_uri(config, &uri, &error), -EINVAL);
        assert_string_equal(error.message, "no store is named");
        assert_string_equal(
                error.hint, "write URI=sqlite:FILE or URI=mongodb://HOST into [Store], or use --store");
}

#define TEST(_function) cmocka_unit_test_setup_teardown(_function, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_an_empty_file_gives_the_defaults),
                TEST(test_every_key_has_its_place),
                TEST(test_a_byte_order_mark_is_skipped),
                TEST(test_lists_add_up_and_know_where_each_item_is_from),
                TEST(test_an_empty_assignment_brings_back_the_default),
                TEST(test_drop_ins_come_after_in_order_of_their_names),
                TEST(test_an_error_in_a_drop_in_names_that),
                TEST(test_a_named_file_must_be_there),
                TEST(test_wrong_lines_are_refused_by_number),
                TEST(test_a_nul_is_no_text),
                TEST(test_nothing_counts_before_all_lines_are_read),
                TEST(test_long_lines_are_refused_rather_than_split),
                TEST(test_a_comment_may_be_of_any_length),
                TEST(test_arguments_override_files),
                TEST(test_a_password_in_an_argument_is_refused),
                TEST(test_passwords_are_not_shown),
                TEST(test_the_proxys_password_is_never_shown),
                TEST(test_other_settings_are_shown_as_they_are),
                TEST(test_the_uri_may_be_in_a_file),
                TEST(test_a_uri_file_that_cannot_be_read_says_why),
                TEST(test_without_a_store_the_error_says_what_to_write),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
