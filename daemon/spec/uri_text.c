/* Text that grows, and characters as a URI holds them. */

#include "daemon/spec/uri_text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
        U = URI_KEEP_UNRESERVED | URI_KEEP_QUERY | URI_KEEP_KEY,
        R = URI_KEEP_RESERVED,
        V = URI_KEEP_RESERVED | URI_KEEP_QUERY | URI_KEEP_KEY,
};

/* "+" is not kept in a query: most servers read it as a blank. */
static const uint8_t classes[256] = {
        ['A' ... 'Z'] = U,
        ['a' ... 'z'] = U,
        ['0' ... '9'] = U,
        ['-'] = U,
        ['.'] = U,
        ['_'] = U,
        ['~'] = U,

        ['#'] = R,
        ['['] = R,
        [']'] = R,
        ['&'] = R,
        [';'] = R,
        ['+'] = R,

        [':'] = V,
        ['/'] = V,
        ['?'] = V,
        ['@'] = V,
        ['!'] = V,
        ['$'] = V,
        ['\''] = V,
        ['('] = V,
        [')'] = V,
        ['*'] = V,
        [','] = V,
        ['='] = URI_KEEP_RESERVED | URI_KEEP_QUERY,
};

static bool reserve(UriText *text, size_t more) {
        size_t allocated = text->len + more + 1;
        char *grown;

        if (text->failed || allocated <= text->allocated)
                return !text->failed;

        allocated += text->allocated + 128; /* more than most URLs need, so that few ask twice */
        grown = realloc(text->data, allocated);
        if (!grown) {
                text->failed = true;
                return false;
        }

        text->data = grown;
        text->allocated = allocated;
        return true;
}

void uri_text_append(UriText *text, const char *bytes, size_t len) {
        if (!reserve(text, len))
                return;

        memcpy(text->data + text->len, bytes, len);
        text->len += len;
        text->data[text->len] = '\0';
}

static int hex_digit(char c) {
        if (c >= '0' && c <= '9')
                return c - '0';

        c = (char)(c | 0x20);
        return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int uri_triplet(const char *text) {
        int high, low;

        if (text[0] != '%')
                return -1;

        high = hex_digit(text[1]);
        low = high < 0 ? -1 : hex_digit(text[2]);
        return low < 0 ? -1 : high * 16 + low;
}

void uri_text_append_encoded(UriText *text, const char *bytes, size_t len, UriKeep keep) {
        static const char hex[] = "0123456789ABCDEF";
        char *out;

        if (!reserve(text, 3 * len))
                return;

        out = text->data + text->len;
        for (size_t i = 0; i < len; i++) {
                uint8_t byte = (uint8_t)bytes[i];

                if ((classes[byte] & keep) ||
                        ((keep & URI_KEEP_TRIPLETS) && len - i >= 3 && uri_triplet(bytes + i) >= 0)) {
                        *out++ = bytes[i];
                } else {
                        *out++ = '%';
                        *out++ = hex[byte >> 4];
                        *out++ = hex[byte & 15];
                }
        }

        *out = '\0';
        text->len = (size_t)(out - text->data);
}
