/* What is shown, and how a line of it looks where standard error is no journal. */

#include "common/log.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/event.h"
#include "tests/unit/unit.h"

typedef struct World World;

/* Standard error, kept in a file while something is logged. */
struct World {
        FILE *file;
        int stderr_fd;
        char text[3 * LOG_ENTRY_BYTES];
};

static int setup(void **state) {
        World *world = calloc(1, sizeof(*world));

        assert_non_null(world);
        unsetenv("JOURNAL_STREAM");
        world->file = tmpfile();
        world->stderr_fd = dup(STDERR_FILENO);
        assert_non_null(world->file);
        assert_true(dup2(fileno(world->file), STDERR_FILENO) >= 0);
        log_init(LOG_LEVEL_INFO);
        *state = world;
        return 0;
}

static int teardown(void **state) {
        World *world = *state;

        log_stop();
        dup2(world->stderr_fd, STDERR_FILENO);
        close(world->stderr_fd);
        fclose(world->file);
        free(world);
        return 0;
}

/* What was written since it was asked last. */
static const char *written(World *world) {
        ssize_t n = pread(fileno(world->file), world->text, sizeof(world->text) - 1, 0);

        assert_true(n >= 0 && ftruncate(fileno(world->file), 0) == 0);
        lseek(fileno(world->file), 0, SEEK_SET);
        world->text[n] = '\0';
        return world->text;
}

static void test_a_message_to_whoever_typed_the_command_is_a_plain_line(void **state) {
        log_error("reqd.conf:%d: wrong", 14);
        assert_string_equal(written(*state), "reqd: reqd.conf:14: wrong\n");
}

static void test_what_is_above_the_level_is_not_shown(void **state) {
        log_debug("a");
        log_info("b");
        log_set_level(LOG_LEVEL_WARNING); /* while it runs */
        log_info("c");
        log_notice("d");
        log_warning("e");
        log_set_level(LOG_LEVEL_DEBUG);
        log_debug("f");
        assert_string_equal(written(*state), "reqd: b\nreqd: e\nreqd: f\n");
}

static void test_names_of_levels_are_in_their_order(void **state) {
        assert_string_equal(log_level_names[0], "error");
        assert_string_equal(log_level_names[LOG_LEVEL_DEBUG - LOG_LEVEL_ERROR], "debug");
        assert_null(log_level_names[LOG_LEVEL_DEBUG - LOG_LEVEL_ERROR + 1]);
}

static void test_a_log_has_times_and_marks_what_is_wrong(void **state) {
        static const char pattern[] = "2*-*-*T*:*:*.*Z reqd: error: a\n"
                                      "2*-*-*T*:*:*.*Z reqd: b\n";

        log_start();
        log_error("a");
        log_notice("b");
        log_stop(); /* everything is written by then */
        assert_int_equal(fnmatch(pattern, written(*state), 0), 0);
}

static void test_an_entry_is_one_line_without_its_fields(void **state) {
        LogEntry entry;

        log_entry_begin(&entry, &events[EVENT_JOB_PAUSED]);
        log_field(&entry, "JOB", "%s", "samples");
        log_field_count(&entry, "FAILED", 7);
        log_entry_send(&entry, "job %s: paused", "samples");
        assert_string_equal(written(*state), "reqd: job samples: paused\n");
        assert_string_equal(entry.text + strlen(entry.text) + 1, "JOB=samples"); /* after MESSAGE_ID= */
}

static void test_nothing_in_a_value_makes_a_second_line(void **state) {
        LogEntry entry;

        log_warning("the server says: %s", "a\nreqd: error: b\x1b[2J\xff");
        assert_string_equal(written(*state), "reqd: the server says: a reqd: error: b [2J?\n");

        log_entry_begin(&entry, NULL);
        log_field(&entry, "JOB", "%s", "a\nPRIORITY=0");
        assert_string_equal(entry.text, "JOB=a PRIORITY=0");
}

static void test_what_is_too_long_is_cut_and_a_field_left_out(void **state) {
        static char word[2 * LOG_ENTRY_BYTES];
        const char *text;
        LogEntry entry;

        memset(word, 'x', sizeof(word) - 1);
        log_info("%s", word);
        text = written(*state);
        assert_in_range(strlen(text), LOG_ENTRY_BYTES - 32, LOG_ENTRY_BYTES + 32);
        assert_string_equal(text + strlen(text) - 3, "xx\n");

        log_entry_begin(&entry, NULL);
        log_field(&entry, "A", "%s", "1");
        log_field(&entry, "LONG", "%s", word);
        log_field(&entry, "B", "%s", "2");
        for (int i = 0; i < 5000; i++)
                log_field_count(&entry, "N", 1); /* and no number of fields takes the message's place */
        log_entry_send(&entry, "%s", "said");
        assert_string_equal(entry.text, "A=1");
        assert_string_equal(entry.text + 4, "B=2");
        assert_string_equal(written(*state), "reqd: said\n");
}

/* systemd.exec(5): JOURNAL_STREAM is DEVICE:INODE of the stream, and a child may have another one. */
static void test_the_journal_gets_the_entries_only_where_standard_error_is_its_stream(void **state) {
        World *world = *state;
        struct stat file;
        char stream[64];
        LogEntry entry;

        assert_int_equal(fstat(STDERR_FILENO, &file), 0);
        snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)file.st_dev, (uintmax_t)file.st_ino + 1);
        setenv("JOURNAL_STREAM", stream, 1);
        log_init(LOG_LEVEL_INFO);
        log_info("a");
        assert_string_equal(written(world), "reqd: a\n");

        setenv("JOURNAL_STREAM", "nonsense", 1);
        log_init(LOG_LEVEL_INFO);
        log_info("b");
        assert_string_equal(written(world), "reqd: b\n");

        snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)file.st_dev, (uintmax_t)file.st_ino);
        setenv("JOURNAL_STREAM", stream, 1);
        log_init(LOG_LEVEL_INFO);
        log_entry_begin(&entry, &events[EVENT_STORE_BACK]);
        log_entry_send(&entry, "a test of reqd says this to the journal, if there is one");
        assert_string_equal(written(world), "");
        log_warning("a plain message is a line, with its level");
        assert_string_equal(written(world), "<4>a plain message is a line, with its level\n");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(
                        test_a_message_to_whoever_typed_the_command_is_a_plain_line, setup, teardown),
                cmocka_unit_test_setup_teardown(test_what_is_above_the_level_is_not_shown, setup, teardown),
                cmocka_unit_test(test_names_of_levels_are_in_their_order),
                cmocka_unit_test_setup_teardown(
                        test_a_log_has_times_and_marks_what_is_wrong, setup, teardown),
                cmocka_unit_test_setup_teardown(
                        test_an_entry_is_one_line_without_its_fields, setup, teardown),
                cmocka_unit_test_setup_teardown(test_nothing_in_a_value_makes_a_second_line, setup, teardown),
                cmocka_unit_test_setup_teardown(
                        test_what_is_too_long_is_cut_and_a_field_left_out, setup, teardown),
                cmocka_unit_test_setup_teardown(
                        test_the_journal_gets_the_entries_only_where_standard_error_is_its_stream, setup,
                        teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
