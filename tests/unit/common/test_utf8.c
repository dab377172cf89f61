/* Every code point is UTF-8 in its one form, and nothing else is. */

#include "common/utf8.h"

#include <stdbool.h>
#include <string.h>

#include "tests/unit/unit.h"

/* By the rule of RFC 3629, section 3, for any number of bytes, so that overlong forms can be made as well. */
static size_t encode(uint32_t code, size_t n, char *text) {
        static const unsigned char marks[] = { 0, 0x00, 0xc0, 0xe0, 0xf0 };

        for (size_t i = n; i-- > 1; code >>= 6)
                text[i] = (char)(0x80 | (code & 0x3f));

        text[0] = (char)(marks[n] | code);
        return n;
}

static size_t length(uint32_t code) {
        return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}

static void test_every_code_point_has_one_form(void **state) {
        for (uint32_t code = 0; code < 0x140000; code++) {
                bool character = code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
                char text[4];

                for (size_t n = length(code); n <= 4; n++) {
                        size_t span = utf8_span(text, encode(code, n, text));

                        assert_int_equal(span, character && n == length(code) ? n : 0);
                }
        }
}

static void test_cut_sequences_are_none(void **state) {
        static const char *const texts[] = { "\xc3\xbc", "\xe2\x82\xac", "\xf0\x9f\x98\x80" };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                for (size_t len = 1; len < strlen(texts[i]); len++)
                        assert_int_equal(utf8_span(texts[i], len), 0);
}

static void test_the_span_ends_before_the_first_wrong_byte(void **state) {
        static const struct {
                const char *text;
                size_t span;
        } cases[] = {
                { "", 0 },
                { "abc", 3 },
                { "abcdefgh\xff", 8 },
                { "abcdefghijk\xc3\xbcz\x80zzzzzzzzzzzz", 14 },
                { "\xc3\xbc\xc3\xbc\xc3", 4 },
                { "\xc3(", 0 },
                { "\xe2\x82(", 0 },
                { "\xfe", 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                assert_int_equal(utf8_span(cases[i].text, strlen(cases[i].text)), cases[i].span);

        assert_int_equal(utf8_span("a\0b", 3), 3);
}

static void test_what_is_made_printable_is_one_line_of_utf_8(void **state) {
        static const struct {
                const char *text, *printable;
        } cases[] = {
                { "", "" },
                { "plain \xc3\xbc \xe2\x82\xac", "plain \xc3\xbc \xe2\x82\xac" },
                { "a\nreqd: error: b\r\tc\x1b[31m\x7f", "a reqd: error: b  c [31m " },
                { "\xc2\x9b"
                  "31m\xc2\x85\xc2\xa0.",
                        "  31m  \xc2\xa0." }, /* C1: CSI and NEL; a space that does not break is a character */
                { "a\xff\nb\xc3", "a? b?" },
                { "\xe2\x82", "??" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char text[64];

                strcpy(text, cases[i].text);
                utf8_make_printable(text);
                assert_string_equal(text, cases[i].printable);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_code_point_has_one_form),
                cmocka_unit_test(test_cut_sequences_are_none),
                cmocka_unit_test(test_the_span_ends_before_the_first_wrong_byte),
                cmocka_unit_test(test_what_is_made_printable_is_one_line_of_utf_8),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
