/* What is looked for in the text itself: encoding, halves of surrogate pairs, foreign white space. */

#include "common/json_text.h"

#include <string.h>

#include "common/utf8.h"
#include "tests/unit/unit.h"

#define TEXT(_text) (_text), sizeof(_text) - 1

typedef struct Text Text;

struct Text {
        const char *text;
        size_t len;
};

static void test_utf8(void **state) {
        static const struct {
                Text text;
                bool valid;
        } cases[] = {
                { { TEXT("") }, true },
                { { TEXT("plain text, longer than a word of eight") }, true },
                { { TEXT("a\0b") }, true },
                { { TEXT("\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf") }, true },
                { { TEXT("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf") }, true },
                { { TEXT("1234567\xc3\xa4"
                         "1234567\xc3\xa4") },
                        true },
                { { TEXT("\x80") }, false },
                { { TEXT("\xc1\xbf") }, false },
                { { TEXT("\xc3") }, false },
                { { TEXT("\xc3(") }, false },
                { { TEXT("\xe0\x9f\xbf") }, false },
                { { TEXT("\xe4\xb8") }, false },
                { { TEXT("\xe4\xb8(") }, false },
                { { TEXT("\xed\xa0\x80") }, false },
                { { TEXT("\xf0\x8f\xbf\xbf") }, false },
                { { TEXT("\xf0\x90\x80") }, false },
                { { TEXT("\xf4\x90\x80\x80") }, false },
                { { TEXT("\xf5\x80\x80\x80") }, false },
                { { TEXT("123456789\xff") }, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                if (utf8_valid(cases[i].text.text, cases[i].text.len) != cases[i].valid)
                        fail_msg("case %zu", i);
}

static void test_halves_of_surrogate_pairs(void **state) {
        static const struct {
                const char *text;
                bool lone;
        } cases[] = {
                { "", false },
                { "no escape", false },
                { "\\u0041\\n\\\\\\\"", false },
                { "\\ud800\\udc00", false },
                { "\\uDBFF\\uDFFF\\ud83d\\ude00", false },
                { "\\\\ud800", false }, /* an escaped backslash before letters */
                { "\\ud7ff\\ue000", false },
                { "\\ud800", true },
                { "\\udc00", true },
                { "\\uDFFF\\uD800", true },
                { "\\ud800 \\udc00", true },
                { "\\ud800\\ud800\\udc00", true },
                { "\\\\\\udbff", true },
                { "\\ud800\\u0041", true },
                { "\\ud83d\\ude00\\ud83d", true },
                { "\\ud8", false }, /* broken off: the parser's to refuse */
                { "\\", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                /* An exact copy, so that reading behind it is found out. */
                size_t len = strlen(cases[i].text);
                char *copy = memcpy(malloc(len + (len == 0)), cases[i].text, len);

                if ((json_text_lone_surrogate(copy, len) != NULL) != cases[i].lone)
                        fail_msg("`%s`", cases[i].text);
                free(copy);
        }
}

static void test_complaints(void **state) {
        static const struct {
                Text text;
                size_t offset;
        } cases[] = {
                { { TEXT("[\v]") }, 1 },
                { { TEXT("[]\f") }, 2 },
                { { TEXT("[]\xc0\x80") }, 2 },
        };
        size_t offset;

        assert_null(json_text_complaint(TEXT(""), &offset));
        assert_null(json_text_complaint(TEXT(" \t\r\n\xc3\xa4"), &offset));

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                assert_non_null(json_text_complaint(cases[i].text.text, cases[i].text.len, &offset));
                assert_int_equal(offset, cases[i].offset);
        }
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_utf8),
                cmocka_unit_test(test_halves_of_surrogate_pairs),
                cmocka_unit_test(test_complaints),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
