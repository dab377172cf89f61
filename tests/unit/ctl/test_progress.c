/* The line that shows how far a job is, at the widths of terminals. */

#include "ctl/progress.h"

#include <string.h>

#include "tests/unit/unit.h"

static JobView running(void) {
        return (JobView) {
                .name = "samples",
                .state = "running",
                .total = 100000,
                .ok = 51990,
                .failed = 10,
                .in_flight = 100,
                .throughput = 498.3,
                .eta_s = 96.2,
                .limited_by = "concurrency",
        };
}

static void check(const JobView *job, size_t width, bool bar, const char *expected) {
        _cleanup_free_ char *line = progress_line(job, width, bar);

        assert_non_null(line);
        assert_string_equal(line, expected);
        assert_true(strlen(line) <= width);
}

static void test_a_narrower_line_leaves_out_what_matters_least(void **state) {
        static const struct {
                size_t width;
                const char *line;
        } cases[] = {
                { PROGRESS_WIDTH_ANY,
                        "samples  [##########..........] 52%  52,000/100,000  498/s  ok 51,990  failed 10  "
                        "in flight 100  ETA 1m 36s  (concurrency)" },
                { 122, "samples  [##########..........] 52%  52,000/100,000  498/s  ok 51,990  failed 10  "
                       "in flight 100  ETA 1m 36s  (concurrency)" },
                { 121, "samples  [#####.....] 52%  52,000/100,000  498/s  ok 51,990  failed 10  in flight "
                       "100  "
                       "ETA 1m 36s  (concurrency)" },
                { 111, "samples  [#####.....] 52%  52,000/100,000  498/s  ok 51,990  failed 10  in flight "
                       "100  "
                       "ETA 1m 36s" },
                { 80, "samples  [#####.....] 52%  52,000/100,000  498/s  failed 10  ETA 1m 36s" },
                { 79, "samples  [#####.....] 52%  52,000/100,000  498/s  failed 10  ETA 1m 36s" },
                { 70, "samples  52%  52,000/100,000  498/s  failed 10  ETA 1m 36s" },
                { 57, "samples  52%  52,000/100,000  failed 10  ETA 1m 36s" },
                { 40, "samples  52%  failed 10  ETA 1m 36s" },
                { 34, "samples  52%  ETA 1m 36s" },
                { 20, "samples  52%" },
                { 11, "samples" },
                { 4, "samp" },
                { 0, "" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                JobView job = running();

                check(&job, cases[i].width, true, cases[i].line);
        }
}

static void test_no_width_is_exceeded(void **state) {
        JobView job = running();

        job.name = "a-name-that-is-as-long-as-the-name-of-a-job-can-be-sixty-four-xx";
        for (size_t width = 0; width < 200; width++) {
                _cleanup_free_ char *line = progress_line(&job, width, true);

                assert_true(strlen(line) <= width);
        }
}

static void test_plain_lines_have_no_bar(void **state) {
        JobView job = running();

        check(&job, PROGRESS_WIDTH_ANY, false,
                "samples  52%  52,000/100,000  498/s  ok 51,990  failed 10  in flight 100  ETA 1m 36s  "
                "(concurrency)");
}

static void test_without_a_total_there_are_counts_and_no_bar(void **state) {
        JobView job = running();

        job.total = -1;
        job.eta_s = -1;
        check(&job, PROGRESS_WIDTH_ANY, true,
                "samples  52,000 so far  498/s  ok 51,990  failed 10  in flight 100  (concurrency)");
        check(&job, 24, true, "samples  52,000 so far");
}

static void test_a_pause_is_said_and_nothing_is_foretold(void **state) {
        JobView job = running();

        job.state = "paused";
        job.in_flight = 87;
        check(&job, PROGRESS_WIDTH_ANY, false,
                "samples  paused  52%  52,000/100,000  498/s  ok 51,990  failed 10  in flight 87");
}

static void test_the_bar_is_full_only_at_the_end(void **state) {
        static const struct {
                int64_t ok, failed, gone, total;
                int percent;
                const char *line;
        } cases[] = {
                { 0, 0, 0, 1000, 0, "samples  [..........] 0%  0/1,000" },
                { 99, 0, 0, 1000, 9, "samples  [..........] 9%  99/1,000" },
                { 100, 0, 0, 1000, 10, "samples  [#.........] 10%  100/1,000" },
                { 999, 0, 0, 1000, 99, "samples  [#########.] 99%  999/1,000" },
                { 900, 90, 10, 1000, 100, "samples  [##########] 100%  1,000/1,000" },
                { 2, 0, 0, 1, 100, "samples  [##########] 100%  2/1" },
                { 0, 0, 0, 0, 100, "samples  [##########] 100%  0/0" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                JobView job = running();
                _cleanup_free_ char *line = NULL;

                job.ok = cases[i].ok;
                job.failed = cases[i].failed;
                job.gone = cases[i].gone;
                job.total = cases[i].total;
                assert_int_equal(job_view_percent(&job), cases[i].percent);

                line = progress_line(&job, 79, true);
                assert_memory_equal(line, cases[i].line, strlen(cases[i].line));
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_narrower_line_leaves_out_what_matters_least),
                cmocka_unit_test(test_no_width_is_exceeded),
                cmocka_unit_test(test_plain_lines_have_no_bar),
                cmocka_unit_test(test_without_a_total_there_are_counts_and_no_bar),
                cmocka_unit_test(test_a_pause_is_said_and_nothing_is_foretold),
                cmocka_unit_test(test_the_bar_is_full_only_at_the_end),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
