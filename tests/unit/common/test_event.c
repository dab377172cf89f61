/* The table of events holds what journald, journalctl and people expect of it. */

#include "common/event.h"

#include <string.h>

#include "tests/unit/unit.h"

static void test_every_event_has_its_row(void **state) {
        for (size_t i = 0; i < _EVENT_N; i++) {
                const Event *event = &events[i];

                assert_non_null(event->name);
                assert_non_null(event->message_id);
                assert_non_null(event->subject);
                assert_non_null(event->explanation);
                assert_in_range(
                        event->level, LOG_LEVEL_ERROR, LOG_LEVEL_INFO); /* or it would hardly be seen */
        }
}

/* Random ones of RFC 4122, written as sd_id128_to_string(3) does. */
static void test_ids_are_random_128_bit_ids(void **state) {
        for (size_t i = 0; i < _EVENT_N; i++) {
                const char *id = events[i].message_id;

                assert_int_equal(strlen(id), 32);
                assert_int_equal(strspn(id, "0123456789abcdef"), 32);
                assert_int_equal(id[12], '4');
                assert_non_null(strchr("89ab", id[16]));
        }
}

static void test_no_two_events_share_a_name_or_an_id(void **state) {
        for (size_t i = 0; i < _EVENT_N; i++)
                for (size_t k = 0; k < i; k++) {
                        assert_string_not_equal(events[i].name, events[k].name);
                        assert_string_not_equal(events[i].message_id, events[k].message_id);
                }
}

/* job_event_state() says what follows "job-". */
static void test_events_of_jobs_say_so_in_their_name(void **state) {
        for (size_t i = EVENT_JOB_SUBMITTED; i <= EVENT_JOB_UNREADABLE; i++)
                assert_int_equal(strncmp(events[i].name, "job-", 4), 0);
}

/* An entry of a catalog begins with a line "-- ID", its head with "Subject: ". */
static void test_texts_fit_into_a_catalog(void **state) {
        for (size_t i = 0; i < _EVENT_N; i++) {
                const char *subject = events[i].subject, *text = events[i].explanation;
                size_t columns = 0;

                assert_true(*subject && !strchr(subject, '\n'));
                assert_true(strncmp(text, "-- ", 3) != 0 && !strstr(text, "\n-- "));
                assert_true(strlen(text) > 1 && text[strlen(text) - 1] == '\n');

                for (const char *at = text; *at; at++) {
                        columns = *at == '\n' ? 0 : columns + 1;
                        assert_true(columns <= 90);
                }
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_event_has_its_row),
                cmocka_unit_test(test_ids_are_random_128_bit_ids),
                cmocka_unit_test(test_no_two_events_share_a_name_or_an_id),
                cmocka_unit_test(test_events_of_jobs_say_so_in_their_name),
                cmocka_unit_test(test_texts_fit_into_a_catalog),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
