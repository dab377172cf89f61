/*
 * The table of commands against the interface that it calls, and against the code that carries commands out.
 */

#include "common/commands.h"

#include <stdio.h>
#include <string.h>

#include "ctl/run.h"
#include "tests/unit/unit.h"

extern const char org_reqd_varlink[]; /* the interface's text, embedded in libcommon */

static bool has_method(const char *name) {
        char line[128];

        snprintf(line, sizeof(line), "\nmethod %s(", name);
        return strstr(org_reqd_varlink, line) != NULL;
}

static bool asks_the_daemon(const Command *command) {
        return !command->later && strcmp(command->name, "help") != 0 && strcmp(command->name, "logs") != 0;
}

static void test_every_method_is_one_of_the_interface(void **state) {
        for (const Command *command = commands; command->name; command++) {
                if (command->method && !has_method(command->method))
                        fail_msg("%s: no method %s", command->name, command->method);
                if (command->job_method && !has_method(command->job_method))
                        fail_msg("%s: no method %s", command->name, command->job_method);
                if (asks_the_daemon(command) && !command->method)
                        fail_msg("%s calls no method", command->name);
        }
}

static void test_every_method_has_a_command(void **state) {
        for (const char *line = strstr(org_reqd_varlink, "\nmethod "); line;
                line = strstr(line, "\nmethod ")) {
                bool found = false;
                char name[64];

                line += strlen("\nmethod ");
                snprintf(name, sizeof(name), "%.*s", (int)strcspn(line, "("), line);
                for (const Command *command = commands; command->name; command++)
                        found = found || (command->method && strcmp(command->method, name) == 0) ||
                                (command->job_method && strcmp(command->job_method, name) == 0);
                if (!found)
                        fail_msg("nothing calls %s", name);
        }
}

static void test_every_command_is_carried_out_or_comes_later(void **state) {
        for (const Command *command = commands; command->name; command++)
                if (run_knows(command->name) == command->later)
                        fail_msg("%s", command->name);
}

static void test_all_commands_of_the_contract_are_there(void **state) {
        static const char *const names[] = {
                "status",
                "submit",
                "try",
                "set",
                "pause",
                "resume",
                "cancel",
                "retry",
                "wait",
                "top",
                "errors",
                "results",
                "report",
                "verify",
                "import",
                "export",
                "show",
                "events",
                "logs",
                "metrics",
                "doctor",
                "config",
                "delete",
                "help",
        };
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                assert_non_null(command_find(names[i]));

        for (const Command *command = commands; command->name; command++)
                n++;
        assert_int_equal(n, ELEMENTSOF(names));
        assert_null(command_find("statu"));
}

static void check_options(const char *name, const CommandOption *options) {
        for (const CommandOption *option = options; option && option->flag; option++) {
                if (strncmp(option->flag, "--", 2) != 0 || !option->help)
                        fail_msg("%s: %s", name, option->flag);
                if (option != command_option_find(options, option->flag))
                        fail_msg("%s: %s stands there twice", name, option->flag);
                if (options != command_global_options &&
                        command_option_find(command_global_options, option->flag))
                        fail_msg("%s: %s is taken by the options of every command", name, option->flag);
        }
}

static void test_rows_agree_with_themselves(void **state) {
        check_options("all", command_global_options);
        for (const Command *command = commands; command->name; command++) {
                assert_non_null(command->help);
                assert_ptr_equal(command_find(command->name), command);
                assert_true(command->min_args <= command->max_args);
                assert_int_equal(command->args != NULL, command->max_args > 0);
                check_options(command->name, command->options);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_method_is_one_of_the_interface),
                cmocka_unit_test(test_every_method_has_a_command),
                cmocka_unit_test(test_every_command_is_carried_out_or_comes_later),
                cmocka_unit_test(test_all_commands_of_the_contract_are_there),
                cmocka_unit_test(test_rows_agree_with_themselves),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
