/* CSV as documents: which cells become what, and where what is wrong began. */

#include "ctl/import_csv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/unit.h"

#define OUTPUT_SIZE 1024

/* Feeds @text line by line; @output gets "PLACE DOCUMENT\n" for each row. */
static int read_all(ImportCsv *csv, const char *text, char *output, UserError *error) {
        size_t at = 0, place = 1, row_len;
        const char *row;
        int r;

        output[0] = '\0';
        for (; *text; place++) {
                size_t len = strcspn(text, "\n") + 1;
                char line[256];

                if (len > strlen(text))
                        len = strlen(text);
                snprintf(line, sizeof(line), "%.*s", (int)len, text);

                r = import_csv_feed(csv, line, len, place, error);
                if (r)
                        return r;

                row = import_csv_row(csv, &row_len);
                if (row)
                        at += (size_t)snprintf(
                                output + at, OUTPUT_SIZE - at, "%zu %s\n", import_csv_place(csv), row);
                text += len;
        }

        r = import_csv_finish(csv, error);
        row = r ? NULL : import_csv_row(csv, &row_len);
        if (row)
                snprintf(output + at, OUTPUT_SIZE - at, "%zu %s\n", import_csv_place(csv), row);
        return r;
}

static void test_rows_become_documents(void **state) {
        static const struct {
                const char *csv;
                const char *documents;
        } cases[] = {
                { "", "" },
                { "a,b\n", "" },
                { "a,b\n1,x\n2,y\n", "2 {\"a\":1,\"b\":\"x\"}\n3 {\"a\":2,\"b\":\"y\"}\n" },
                { "a,b\r\n1,x\r\n2,y", "2 {\"a\":1,\"b\":\"x\"}\n3 {\"a\":2,\"b\":\"y\"}\n" },
                { "a,b\n\n\n1,x\n", "4 {\"a\":1,\"b\":\"x\"}\n" },
                { "a,b\n,x\n1,\n,\n", "2 {\"b\":\"x\"}\n3 {\"a\":1}\n4 {}\n" },
                { "a,b\n1\n", "2 {\"a\":1}\n" },
                { "a\n\"x,y\"\n\"say \"\"hi\"\"\"\n", "2 {\"a\":\"x,y\"}\n3 {\"a\":\"say \\\"hi\\\"\"}\n" },
                { "a,b\n\"two\nlines\",1\n2,3\n",
                        "2 {\"a\":\"two\\nlines\",\"b\":1}\n4 {\"a\":2,\"b\":3}\n" },
                { "u.v, w \n1,2\n", "2 {\"u.v\":1,\"w\":2}\n" },
                { "zip\n00712\n", "2 {\"zip\":\"00712\"}\n" },
                { "a\n1.50\n", "2 {\"a\":1.50}\n" },
                { "\"a b\"\ntrue\n", "2 {\"a b\":\"true\"}\n" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(user_error_deinit) UserError error = {};
                _cleanup_(import_csv_freep) ImportCsv *csv = NULL;
                char documents[OUTPUT_SIZE];

                assert_int_equal(import_csv_new(&csv), 0);
                assert_int_equal(read_all(csv, cases[i].csv, documents, &error), 0);
                assert_string_equal(documents, cases[i].documents);
        }
}

static void test_numbers_are_what_json_calls_so_and_can_be_held(void **state) {
        static const struct {
                const char *text;
                bool number;
        } cases[] = {
                { "0", true },
                { "-7", true },
                { "42", true },
                { "3.50", true },
                { "1e3", true },
                { "-0", true },
                { "1E-5", true },
                { "9223372036854775807", true },
                { "", false },
                { "-", false },
                { "007", false },
                { "9223372036854775808", false },
                { "+1", false },
                { ".5", false },
                { "1.", false },
                { "99999999999999999999", false },
                { "1e", false },
                { "1e400", false },
                { "0x10", false },
                { "NaN", false },
                { "1,000", false },
                { " 1", false },
                { "1-2", false },
                { "2026-11-23", false },
                { "1.2.3", false },
                { "eE", false },
                { "true", false },
                { "null", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                if (import_csv_is_number(cases[i].text) != cases[i].number)
                        fail_msg("%s", cases[i].text);
}

static void test_what_is_wrong_is_told_with_the_line_where_the_row_began(void **state) {
        static const struct {
                const char *csv;
                size_t place;
        } cases[] = {
                { "a,,b\n1,2,3\n", 1 },            /* no name */
                { "a,b,a\n", 1 },                  /* a name twice */
                { "$oid\n1\n", 1 },                /* Extended JSON in disguise */
                { "a,b\n1,2\n1,2,3\n", 3 },        /* too many cells */
                { "a,b\n\"x\ny\",1\n1,2,3\n", 4 }, /* the same, after a row of two lines */
                { "a\nx\"y\"\n", 2 },              /* a quote inside */
                { "a\n\"x\"y\n", 2 },              /* text behind the quotes */
                { "a,b\n1,2\n\"not closed\n3\n4", 3 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(user_error_deinit) UserError error = {};
                _cleanup_(import_csv_freep) ImportCsv *csv = NULL;
                char documents[OUTPUT_SIZE];

                assert_int_equal(import_csv_new(&csv), 0);
                assert_int_equal(read_all(csv, cases[i].csv, documents, &error), -EINVAL);
                assert_non_null(error.message);
                assert_int_equal(import_csv_place(csv), cases[i].place);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_rows_become_documents),
                cmocka_unit_test(test_numbers_are_what_json_calls_so_and_can_be_held),
                cmocka_unit_test(test_what_is_wrong_is_told_with_the_line_where_the_row_began),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
