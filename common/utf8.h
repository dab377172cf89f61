#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * Where text stops being UTF-8 (RFC 3629: no surrogates, no overlong forms, nothing above U+10FFFF; NUL is a
 * character like any other), and text that can be shown. Pure, any thread.
 */

/* The bytes of @text that are UTF-8 before the first that are not; @len if all of it is. */
size_t utf8_span(const char *text, size_t len);

static inline bool utf8_valid(const char *text, size_t len) {
        return utf8_span(text, len) == len;
}

/*
 * Makes @text, which ends with a NUL, one line that a terminal and journalctl(1) show as it is: control
 * characters become spaces, and what is not UTF-8 question marks, byte by byte, so that it keeps its length.
 */
void utf8_make_printable(char *text);
