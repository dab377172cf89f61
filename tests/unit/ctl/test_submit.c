/* The job that a file and options mean together. */

#include "ctl/submit.h"

#include <errno.h>
#include <string.h>

#include "daemon/spec/job_spec.h"
#include "tests/unit/unit.h"

#define WORDS_MAX 16

/* @words ends with NULL and is what follows `reqctl submit`. */
static int build(
        const char *file, const char *name, const char *const *words, char **ret_job, UserError *error) {
        char *argv[WORDS_MAX + 2] = { (char *)"reqctl", (char *)"submit" };
        _cleanup_(json_freep) JsonValue *base = NULL, *job = NULL;
        _cleanup_(args_deinit) Args args = {};
        int argc = 2, r;

        for (; words[argc - 2]; argc++)
                argv[argc] = (char *)words[argc - 2];

        assert_int_equal(args_parse(argc, argv, job_spec_options, &args, error), 0);
        if (file)
                assert_int_equal(json_parse(file, strlen(file), &base, error), 0);

        r = submit_build(&args, base, name, &job, error);
        if (r)
                return r;

        *ret_job = json_dump(job);
        return 0;
}

static void test_options_become_keys_and_change_those_of_the_file(void **state) {
        static const struct {
                const char *file, *name;
                const char *words[WORDS_MAX];
                const char *job;
        } cases[] = {
                { NULL, NULL, { NULL }, "{}" },
                { NULL, "x", { "--collection", "a.b", NULL }, "{\"name\":\"x\",\"collection\":\"a.b\"}" },
                { NULL, NULL, { "-n5", "--rate", "50/s", "--timeout", "200ms", "--max-bytes", "64KiB", NULL },
                        "{\"request\":{\"timeout\":\"200ms\"},\"result\":{\"max_bytes\":\"64KiB\"},"
                        "\"pace\":{\"concurrency\":5,\"rate\":\"50/s\"}}" },
                { NULL, NULL, { "--header", "A: 1", "--header", "B: 2", "--query", "q={x}", NULL },
                        "{\"request\":{\"query\":{\"q\":\"{x}\"},\"headers\":{\"A\":\"1\",\"B\":\"2\"}}}" },
                { NULL, NULL, { "--expect-status", "2xx", "--expect-status", "404", NULL },
                        "{\"expect\":{\"status\":[\"2xx\",\"404\"]}}" },
                { NULL, NULL, { "-n5", "-n", "7", "--follow", NULL }, "{\"pace\":{\"concurrency\":7}}" },
                { "{\"collection\":\"a.b\"}", NULL, { NULL }, "{\"collection\":\"a.b\"}" },
                { "{\"name\":\"x\",\"pace\":{\"rate\":\"1/s\"}}", NULL, { "-n", "7", NULL },
                        "{\"name\":\"x\",\"pace\":{\"rate\":\"1/s\",\"concurrency\":7}}" },
                { "{\"pace\":{\"concurrency\":1,\"rate\":\"1/s\"}}", NULL, { "--rate", "2/s", NULL },
                        "{\"pace\":{\"concurrency\":1,\"rate\":\"2/s\"}}" },
                { "{\"pace\":{\"rate\":\"1/s\"}}", NULL, { "--rate", "none", NULL }, "{\"pace\":{}}" },
                { "{\"stop\":{\"limit\":5},\"name\":\"x\"}", NULL, { "--limit", "none", "-n5", NULL },
                        "{\"stop\":{},\"name\":\"x\",\"pace\":{\"concurrency\":5}}" },
                { "{\"request\":{\"headers\":{\"A\":\"1\",\"B\":\"2\"}}}", NULL,
                        { "--header", "B: 3", "--header", "C: 4", NULL },
                        "{\"request\":{\"headers\":{\"A\":\"1\",\"B\":\"3\",\"C\":\"4\"}}}" },
                { "{\"filter\":{\"a\":1}}", NULL, { "--filter", "{\"b\":2}", NULL },
                        "{\"filter\":{\"b\":2}}" },
                { "{\"expect\":{\"status\":[\"2xx\"]}}", NULL, { "--expect-status", "404", NULL },
                        "{\"expect\":{\"status\":[\"404\"]}}" },
                /* What is wrong in the file stays, for the check to find. */
                { "{\"pace\":5}", NULL, { "-n", "7", NULL }, "{\"pace\":5}" },
                { "{\"pace.rate\":5,\"x\":{\"y\":1}}", NULL, { "--rate", "none", NULL },
                        "{\"pace.rate\":5,\"x\":{\"y\":1}}" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(user_error_deinit) UserError error = {};
                _cleanup_free_ char *job = NULL;

                assert_int_equal(build(cases[i].file, cases[i].name, cases[i].words, &job, &error), 0);
                assert_string_equal(job, cases[i].job);
        }
}

static void test_a_wrong_option_is_told_by_its_flag(void **state) {
        static const struct {
                const char *name;
                const char *words[WORDS_MAX];
                const char *where;
        } cases[] = {
                { "a/b", { NULL }, "NAME" }, { NULL, { "--rate", "fast", NULL }, "--rate" },
                { NULL, { "-n", "0", NULL }, "--concurrency" },
                { NULL, { "-n", "5", "--header", "A", NULL }, "--header" },
                { NULL, { "--filter", "[1]", NULL }, "--filter" },
                { NULL, { "--json-body", "{}", NULL }, "--json-body" }, /* not supported yet */
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(user_error_deinit) UserError error = {};
                char *job = NULL;

                assert_int_equal(build(NULL, cases[i].name, cases[i].words, &job, &error), -EINVAL);
                assert_null(job);
                assert_string_equal(error.where, cases[i].where);
                assert_non_null(error.message);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_options_become_keys_and_change_those_of_the_file),
                cmocka_unit_test(test_a_wrong_option_is_told_by_its_flag),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
