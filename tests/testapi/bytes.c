/* Text and growing buffers, because every part of the server reads or writes some. */

#include "tests/testapi/bytes.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BYTES_SIZE_MIN 256

Text text_of(const char *string) {
        return (Text) { string, strlen(string) };
}

bool text_equal(Text a, Text b) {
        return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool text_equal_caseless(Text a, Text b) {
        return a.len == b.len && (a.len == 0 || strncasecmp(a.data, b.data, a.len) == 0);
}

bool text_starts_with(Text text, Text start) {
        return text.len >= start.len && memcmp(text.data, start.data, start.len) == 0;
}

unsigned text_hex_digit(char c) {
        if (c >= '0' && c <= '9')
                return (unsigned)(c - '0');
        if (c >= 'a' && c <= 'f')
                return (unsigned)(c - 'a') + 10;
        if (c >= 'A' && c <= 'F')
                return (unsigned)(c - 'A') + 10;

        return 16;
}

char *bytes_reserve(Bytes *bytes, size_t n) {
        size_t size = bytes->size ? bytes->size : BYTES_SIZE_MIN;
        char *data;

        if (bytes->failed || n > SIZE_MAX / 4 - bytes->len)
                goto failed;

        if (bytes->data && bytes->size - bytes->len >= n)
                return bytes->data + bytes->len;

        while (size - bytes->len < n)
                size *= 2;

        data = realloc(bytes->data, size);
        if (!data)
                goto failed;

        bytes->data = data;
        bytes->size = size;
        return bytes->data + bytes->len;

failed:
        bytes->failed = true;
        return NULL;
}

void bytes_add(Bytes *bytes, Text text) {
        char *room;

        if (text.len == 0)
                return;

        room = bytes_reserve(bytes, text.len);
        if (!room)
                return;

        memcpy(room, text.data, text.len);
        bytes->len += text.len;
}

void bytes_addf(Bytes *bytes, const char *format, ...) {
        char line[512];
        va_list ap;
        int n;

        va_start(ap, format);
        n = vsnprintf(line, sizeof(line), format, ap);
        va_end(ap);

        /* What may be long is never formatted but added. */
        if (n < 0 || (size_t)n >= sizeof(line)) {
                bytes->failed = true;
                return;
        }

        bytes_add(bytes, (Text) { line, (size_t)n });
}

/* How long a UTF-8 sequence is that begins with this byte; 0 when none does. */
static size_t utf8_length(unsigned char first) {
        if (first < 0x80)
                return 1;
        if (first < 0xC2 || first > 0xF4)
                return 0;

        return first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

/* The length of the sequence in front (RFC 3629: shortest form, no surrogates), 0 if it is not valid. */
static size_t utf8_sequence(Text text) {
        const unsigned char *s = (const unsigned char *)text.data;
        size_t n = utf8_length(s[0]);

        if (n > text.len)
                return 0;
        if (n >= 3 && ((s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] > 0x9F)))
                return 0;
        if (n == 4 && ((s[0] == 0xF0 && s[1] < 0x90) || (s[0] == 0xF4 && s[1] > 0x8F)))
                return 0;
        for (size_t i = 1; i < n; i++)
                if ((s[i] & 0xC0) != 0x80)
                        return 0;

        return n;
}

static bool json_plain(char c) {
        return (unsigned char)c >= 0x20 && (unsigned char)c < 0x80 && c != '"' && c != '\\';
}

void bytes_add_json(Bytes *bytes, Text text) {
        bytes_add(bytes, TEXT("\""));

        while (text.len > 0) {
                size_t n = 0;

                while (n < text.len && json_plain(text.data[n]))
                        n++;

                if (n == 0 && (unsigned char)text.data[0] >= 0x80)
                        n = utf8_sequence(text);

                if (n > 0) {
                        bytes_add(bytes, (Text) { text.data, n });
                } else {
                        unsigned c = (unsigned char)text.data[0];

                        bytes_addf(bytes, "\\u%04x", c < 0x80 ? c : 0xFFFDu);
                        n = 1;
                }

                text.data += n;
                text.len -= n;
        }

        bytes_add(bytes, TEXT("\""));
}

void bytes_clear(Bytes *bytes, size_t keep) {
        if (bytes->size > keep)
                bytes_deinit(bytes);

        bytes->len = 0;
        bytes->failed = false;
}

void bytes_deinit(Bytes *bytes) {
        free(bytes->data);
        *bytes = (Bytes) {};
}
