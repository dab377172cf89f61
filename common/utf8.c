/* Where text stops being UTF-8, and text that can be shown. */

#include "common/utf8.h"

#include <stdint.h>
#include <string.h>

static const unsigned char *skip_ascii(const unsigned char *p, const unsigned char *end) {
        uint64_t word;

        for (; end - p >= (ptrdiff_t)sizeof(word); p += sizeof(word)) {
                memcpy(&word, p, sizeof(word));
                if (word & UINT64_C(0x8080808080808080))
                        break;
        }

        while (p < end && *p < 0x80)
                p++;

        return p;
}

static bool is_continuation(unsigned char byte) {
        return (byte & 0xc0) == 0x80;
}

/*
 * The length of the sequence of two to four bytes at @p, 0 if it is none. The second byte's bounds after
 * E0, ED, F0 and F4 rule out overlong forms, surrogates and what is above U+10FFFF (RFC 3629, section 4).
 */
static size_t sequence_length(const unsigned char *p, size_t left) {
        unsigned char low = 0x80, high = 0xbf;
        size_t n = *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4;

        if (*p < 0xc2 || *p > 0xf4 || left < n)
                return 0;

        if (*p == 0xe0)
                low = 0xa0;
        else if (*p == 0xed)
                high = 0x9f;
        else if (*p == 0xf0)
                low = 0x90;
        else if (*p == 0xf4)
                high = 0x8f;

        if (p[1] < low || p[1] > high)
                return 0;
        for (size_t i = 2; i < n; i++)
                if (!is_continuation(p[i]))
                        return 0;

        return n;
}

size_t utf8_span(const char *text, size_t len) {
        const unsigned char *p = (const unsigned char *)text, *end = p + len;

        for (p = skip_ascii(p, end); p < end; p = skip_ascii(p, end)) {
                /* Text in one language comes in runs of such sequences. */
                while (p < end && *p >= 0x80) {
                        size_t n = sequence_length(p, (size_t)(end - p));

                        if (n == 0)
                                return (size_t)(p - (const unsigned char *)text);
                        p += n;
                }
        }

        return len;
}

/* Of @n UTF-8 bytes: C0 and DEL are one byte, C1 (U+0080 to U+009F) are two. */
static void blank_controls(unsigned char *p, size_t n) {
        for (size_t i = 0; i < n; i++) {
                if (p[i] < ' ' || p[i] == 0x7f)
                        p[i] = ' ';
                else if (p[i] == 0xc2 && p[i + 1] < 0xa0)
                        p[i] = p[i + 1] = ' ';
        }
}

void utf8_make_printable(char *text) {
        size_t left = strlen(text);

        while (left) {
                size_t n = utf8_span(text, left);

                blank_controls((unsigned char *)text, n);
                text += n;
                left -= n;
                if (left) {
                        *text++ = '?';
                        left--;
                }
        }
}
