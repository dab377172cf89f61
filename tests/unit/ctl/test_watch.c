/* What the end of a job makes reqctl exit with. */

#include "ctl/watch.h"

#include "tests/unit/unit.h"

static void test_how_a_job_ends_is_the_exit_code(void **state) {
        static const struct {
                const char *state, *reason;
                int64_t failed;
                ExitCode code, code_for_paused;
        } cases[] = {
                { "done", NULL, 0, EXIT_CODE_DONE, EXIT_CODE_DONE },
                { "done", NULL, 1, EXIT_CODE_FAILED_DOCUMENTS, EXIT_CODE_FAILED_DOCUMENTS },
                { "cancelled", "by user", 0, EXIT_CODE_ERROR, EXIT_CODE_ERROR },
                { "cancelled", "by user", 5, EXIT_CODE_ERROR, EXIT_CODE_ERROR },
                { "paused", "limit reached", 0, EXIT_CODE_DONE, EXIT_CODE_DONE },
                { "paused", "limit reached", 5, EXIT_CODE_FAILED_DOCUMENTS, EXIT_CODE_DONE },
                { "paused", "by user", 0, EXIT_CODE_ERROR, EXIT_CODE_DONE },
                { "paused", "by user", 5, EXIT_CODE_ERROR, EXIT_CODE_DONE },
                { "paused", "too many failures", 5, EXIT_CODE_FAILED_DOCUMENTS, EXIT_CODE_DONE },
                { "paused", "store refuses: 13", 0, EXIT_CODE_ERROR, EXIT_CODE_DONE },
                { "paused", "store refuses: 13", 5, EXIT_CODE_FAILED_DOCUMENTS, EXIT_CODE_DONE },
                { "paused", NULL, 0, EXIT_CODE_ERROR, EXIT_CODE_DONE },
                { "unheard of", NULL, 0, EXIT_CODE_ERROR, EXIT_CODE_ERROR },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                JobView job = {
                        .state = cases[i].state,
                        .reason = cases[i].reason,
                        .failed = cases[i].failed,
                };

                assert_int_equal(watch_verdict(&job, false), cases[i].code);
                assert_int_equal(watch_verdict(&job, true), cases[i].code_for_paused);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_how_a_job_ends_is_the_exit_code),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
