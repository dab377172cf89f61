/* Whether a process still runs is said only where it is certain. */

#include "daemon/system/process_id.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/unit.h"

/* A child that lives until it is killed, and how it sees itself. */
static pid_t begin_child(ProcessId *ret_process) {
        int ends[2];
        pid_t pid;

        assert_int_equal(pipe(ends), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                ProcessId self;

                process_id_self(&self);
                if (write(ends[1], &self, sizeof(self)) != sizeof(self))
                        _exit(1);
                pause();
                _exit(0);
        }

        assert_int_equal(read(ends[0], ret_process, sizeof(*ret_process)), sizeof(*ret_process));
        close(ends[0]);
        close(ends[1]);
        return pid;
}

static void end_child(pid_t pid) {
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void test_a_process_knows_itself(void **state) {
        ProcessId self;

        process_id_self(&self);
        assert_int_equal(self.pid, getpid());
        assert_true(self.begun > 0);
        assert_true(*self.boot && *self.space && *self.host);
        assert_int_equal(process_id_look(&self), PROCESS_RUNS);
}

static void test_a_child_runs_and_then_has_ended(void **state) {
        ProcessId child;
        pid_t pid = begin_child(&child);

        assert_int_equal(child.pid, pid);
        assert_int_equal(process_id_look(&child), PROCESS_RUNS);
        end_child(pid);
        assert_int_equal(process_id_look(&child), PROCESS_ENDED);
}

static void test_a_stopped_process_runs(void **state) {
        ProcessId child;
        pid_t pid = begin_child(&child);

        assert_int_equal(kill(pid, SIGSTOP), 0);
        assert_int_equal(waitpid(pid, NULL, WUNTRACED), pid);
        assert_int_equal(process_id_look(&child), PROCESS_RUNS);
        end_child(pid);
}

static void test_another_process_of_the_same_number_is_not_it(void **state) {
        ProcessId former;

        process_id_self(&former);
        former.begun--;
        assert_int_equal(process_id_look(&former), PROCESS_ENDED);
}

static void test_elsewhere_nothing_is_known(void **state) {
        ProcessId child, other;
        pid_t pid = begin_child(&child);

        end_child(pid);

        other = child;
        other.boot[0] = other.boot[0] == 'x' ? 'y' : 'x';
        assert_int_equal(process_id_look(&other), PROCESS_UNKNOWN);

        other = child;
        strcpy(other.space, "pid:[1]");
        assert_int_equal(process_id_look(&other), PROCESS_UNKNOWN);

        other = child;
        *other.boot = '\0';
        assert_int_equal(process_id_look(&other), PROCESS_UNKNOWN);

        other = child;
        other.pid = 0; /* kill(0, ...) would be to ourselves */
        assert_int_equal(process_id_look(&other), PROCESS_UNKNOWN);
        other.pid = -1;
        assert_int_equal(process_id_look(&other), PROCESS_UNKNOWN);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_process_knows_itself),
                cmocka_unit_test(test_a_child_runs_and_then_has_ended),
                cmocka_unit_test(test_a_stopped_process_runs),
                cmocka_unit_test(test_another_process_of_the_same_number_is_not_it),
                cmocka_unit_test(test_elsewhere_nothing_is_known),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
