/* The daemon in one line. */

#include "daemon/status_line.h"

#include <string.h>

#include "tests/unit/unit.h"

static void test_lines(void **state) {
        static const struct {
                StatusLine status;
                const char *line;
        } cases[] = {
                { {}, "waiting for the store" },
                { { .complaint = "no answer" }, "waiting for the store: no answer" },
                { { .loaded = true }, "no unfinished jobs" },
                { { .loaded = true, .paused = 1 }, "1 job paused" },
                { { .loaded = true, .paused = 2, .running = 3, .done = 7, .eta_s = -1 },
                        "3 jobs running, 2 paused: 7 documents, 0/s" },
                { { .loaded = true,
                          .running = 1,
                          .done = 380,
                          .total = 1000,
                          .total_known = true,
                          .rate = 412.4,
                          .eta_s = 250 },
                        "1 job running: 38% of 1000 documents, 412/s, 4 min left" },
                { { .loaded = true, .running = 1, .total_known = true, .eta_s = 0 },
                        "1 job running: 0 documents, 0/s, 0 s left" },
                { { .loaded = true,
                          .running = 1,
                          .done = 1,
                          .total = 100,
                          .total_known = true,
                          .eta_s = 5400 },
                        "1 job running: 1% of 100 documents, 0/s, 1.5 h left" },
                { { .loaded = true,
                          .running = 1,
                          .done = 1,
                          .total = 100,
                          .total_known = true,
                          .eta_s = 864000 },
                        "1 job running: 1% of 100 documents, 0/s, 10 days left" },
                { { .loaded = true, .running = 2, .complaint = "no answer" },
                        "2 jobs running; waiting for the store: no answer" },
                { { .loaded = true, .running = 2, .ending = true, .in_flight = 37 },
                        "ending: 37 requests in flight" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char line[STATUS_LINE_SIZE];

                assert_string_equal(status_line_format(&cases[i].status, line), cases[i].line);
        }
}

static void test_a_long_complaint_is_cut(void **state) {
        char complaint[1000], line[STATUS_LINE_SIZE];

        memset(complaint, 'x', sizeof(complaint));
        complaint[sizeof(complaint) - 1] = '\0';
        status_line_format(&(StatusLine) { .complaint = complaint }, line);
        assert_int_equal(strlen(line), STATUS_LINE_SIZE - 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_lines),
                cmocka_unit_test(test_a_long_complaint_is_cut),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
