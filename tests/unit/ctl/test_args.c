/* What argv means, and what is said about an argv that means nothing. */

#include "ctl/args.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/spec/job_spec.h"
#include "tests/unit/unit.h"

#define WORDS_MAX 16

/* Splits @line at its blanks; a word in quotes is not needed here. */
static int parse(char *line, Args *ret_args, UserError *error) {
        char *argv[WORDS_MAX] = { (char *)"reqctl" };
        int argc = 1;
        char *rest;

        for (char *word = strtok_r(line, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
                argv[argc++] = word;

        return args_parse(argc, argv, job_spec_options, ret_args, error);
}

/* What was understood, as one text: `command job=J [positionals] flag=value...`. */
static void describe(const Args *args, char *text, size_t size) {
        size_t at = 0;

#define ADD(...) at += (size_t)snprintf(text + at, size - at, __VA_ARGS__)
        ADD("%s", args->command->name);
        if (args->job)
                ADD(" job=%s", args->job);
        for (size_t i = 0; i < args->n_positionals; i++)
                ADD(" [%s]", args->positionals[i]);
        for (size_t i = 0; i < args->n_options; i++)
                ADD(" %s%s%s%s", args->options[i].key ? "+" : "", args->options[i].flag,
                        args->options[i].value ? "=" : "",
                        args->options[i].value ? args->options[i].value : "");
        ADD("%s%s%s%s%s%s", args->socket ? " socket=" : "", args->socket ? args->socket : "",
                args->json ? " json" : "", args->no_color ? " no-color" : "", args->help ? " help" : "",
                args->version ? " version" : "");
#undef ADD
}

static void test_what_is_typed_is_understood(void **state) {
        static const struct {
                const char *typed;
                const char *meant;
        } cases[] = {
                { "", "status" },
                { "--json", "status json" },
                { "status", "status" },
                { "status samples", "status job=samples" },
                { "--json status samples", "status job=samples json" },
                { "status --json samples --no-color", "status job=samples json no-color" },
                { "--socket /s status", "status socket=/s" },
                { "status --socket=/s", "status socket=/s" },
                { "--socket /a status --socket /b", "status socket=/b" },
                { "submit", "submit" },
                { "submit nightly --collection a.b", "submit [nightly] +--collection=a.b" },
                { "submit -n100", "submit +--concurrency=100" },
                { "submit -n 100", "submit +--concurrency=100" },
                { "submit --concurrency=100 --follow", "submit +--concurrency=100 --follow" },
                { "submit --header K:V --header L:W", "submit +--header=K:V +--header=L:W" },
                { "submit --query a=b=c", "submit +--query=a=b=c" },
                { "submit --query=a=b", "submit +--query=a=b" },
                { "submit --limit -5", "submit +--limit=-5" },
                { "submit --json-body {}", "submit +--json-body={}" },
                { "submit -", "submit [-]" },
                { "submit -- --x", "submit [--x]" },
                { "set rate=50/s", "set [rate=50/s]" },
                { "set samples rate=50/s limit=none", "set job=samples [rate=50/s] [limit=none]" },
                { "set concurrency=-5", "set [concurrency=-5]" },
                { "pause", "pause" },
                { "pause samples", "pause job=samples" },
                { "resume samples --limit 10", "resume job=samples --limit=10" },
                { "resume --limit none", "resume --limit=none" },
                { "retry samples --reason timeout --status=503",
                        "retry job=samples --reason=timeout --status=503" },
                { "wait samples --for paused --timeout 5m", "wait job=samples --for=paused --timeout=5m" },
                { "import a.b file.csv --csv", "import [a.b] [file.csv] --csv" },
                { "export a.b", "export [a.b]" },
                { "export a.b out --filter {}", "export [a.b] [out] --filter={}" },
                { "help", "help" },
                { "help submit", "help [submit]" },
                { "retry --help", "retry help" },
                { "-h", "status help" },
                { "--version", "status version" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(user_error_deinit) UserError error = {};
                _cleanup_(args_deinit) Args args = {};
                char line[128], meant[256];

                snprintf(line, sizeof(line), "%s", cases[i].typed);
                if (parse(line, &args, &error))
                        fail_msg("%s: %s", cases[i].typed, error.message);
                describe(&args, meant, sizeof(meant));
                assert_string_equal(meant, cases[i].meant);
        }
}

static void test_what_makes_no_sense_says_what_to_type(void **state) {
        static const struct {
                const char *typed;
                const char *message;
        } cases[] = {
                { "staus", "unknown command 'staus' (did you mean status?)" },
                { "frobnicate", "unknown command 'frobnicate' (see: reqctl help)" },
                { "top", "top: not supported yet (see: reqctl help)" },
                { "try x --follow", "try: not supported yet (see: reqctl help)" },
                { "--jsom", "unknown option '--jsom' (did you mean --json?)" },
                { "--follow submit", "unknown option '--follow' (a command's options come after it)" },
                { "submit --colection a.b", "unknown option '--colection' (did you mean --collection?)" },
                { "submit --folow", "unknown option '--folow' (did you mean --follow?)" },
                { "submit --zzzzzzzzz", "unknown option '--zzzzzzzzz' (see: reqctl help submit)" },
                { "submit -x", "unknown option '-x' (see: reqctl help submit)" },
                { "pause --limit 5", "unknown option '--limit' (see: reqctl help pause)" },
                { "resume --limit", "--limit needs a value: --limit N" },
                { "submit -n", "-n needs a value: -n N" },
                { "submit --follow=yes", "--follow takes no value" },
                { "status --json=1", "--json takes no value" },
                { "status a b", "unexpected argument 'b' (reqctl status [JOB])" },
                { "pause rate=5 x", "unexpected argument 'x' (reqctl pause [JOB])" },
                { "show", "show needs a job (reqctl show JOB)" },
                { "set", "set needs KEY=VALUE... (reqctl set [JOB] KEY=VALUE...)" },
                { "set samples", "set needs KEY=VALUE... (reqctl set [JOB] KEY=VALUE...)" },
                { "import a.b", "import needs DB.COLL FILE|- (reqctl import DB.COLL FILE|- [OPTIONS])" },
                { "config x", "unexpected argument 'x' (reqctl config)" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(user_error_deinit) UserError error = {};
                _cleanup_free_ char *message = NULL;
                Args args = { .job = "untouched" };
                char line[128];

                snprintf(line, sizeof(line), "%s", cases[i].typed);
                assert_int_equal(parse(line, &args, &error), -EINVAL);
                assert_string_equal(args.job, "untouched");
                message = user_error_format(&error);
                assert_string_equal(message, cases[i].message);
        }
}

static void test_options_are_found_by_their_flag_and_the_last_one_counts(void **state) {
        char line[] = "wait x --timeout 5s --for done --timeout 9s";
        _cleanup_(args_deinit) Args args = {};
        UserError error = {};

        assert_int_equal(parse(line, &args, &error), 0);
        assert_string_equal(args_value(&args, "--timeout"), "9s");
        assert_string_equal(args_value(&args, "--for"), "done");
        assert_null(args_value(&args, "--limit"));
        assert_true(args_has(&args, "--for"));
        assert_false(args_has(&args, "--follow"));
}

static void test_a_key_of_the_job_file_is_no_option_of_the_command(void **state) {
        char line[] = "submit --limit 5";
        _cleanup_(args_deinit) Args args = {};
        UserError error = {};

        assert_int_equal(parse(line, &args, &error), 0);
        assert_false(args_has(&args, "--limit"));
        assert_string_equal(args.options[0].key->path, "stop.limit");
}

static void test_whether_a_command_was_typed_is_known(void **state) {
        char typed[] = "status --help", bare[] = "--help";
        UserError error = {};
        Args args = {};

        assert_int_equal(parse(typed, &args, &error), 0);
        assert_true(args.command_typed);
        args_deinit(&args);

        assert_int_equal(parse(bare, &args, &error), 0);
        assert_false(args.command_typed);
        args_deinit(&args);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_is_typed_is_understood),
                cmocka_unit_test(test_what_makes_no_sense_says_what_to_type),
                cmocka_unit_test(test_options_are_found_by_their_flag_and_the_last_one_counts),
                cmocka_unit_test(test_a_key_of_the_job_file_is_no_option_of_the_command),
                cmocka_unit_test(test_whether_a_command_was_typed_is_known),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
