/* What has to be looked for in the text of JSON itself. */

#include "daemon/store/json_text.h"

#include <stdint.h>
#include <string.h>

#include "daemon/store/json_bson.h"

#define ESCAPE_SIZE 6 /* of \uXXXX */

typedef enum Surrogate {
        SURROGATE_NONE,
        SURROGATE_HIGH, /* D800 to DBFF */
        SURROGATE_LOW,  /* DC00 to DFFF */
} Surrogate;

/* What the \uXXXX at @text is. */
static Surrogate surrogate_at(const char *text, const char *end) {
        if (end - text < ESCAPE_SIZE || text[0] != '\\' || text[1] != 'u' || (text[2] | 0x20) != 'd')
                return SURROGATE_NONE;

        if (strchr("89abAB", text[3]))
                return SURROGATE_HIGH;
        return strchr("cdefCDEF", text[3]) ? SURROGATE_LOW : SURROGATE_NONE;
}

bool json_text_has_lone_surrogate(const char *text, size_t len) {
        const char *end = text + len, *p = text;

        while ((p = memchr(p, '\\', (size_t)(end - p)))) {
                switch (surrogate_at(p, end)) {
                case SURROGATE_LOW:
                        return true;
                case SURROGATE_HIGH:
                        if (surrogate_at(p + ESCAPE_SIZE, end) != SURROGATE_LOW)
                                return true;
                        p += (ptrdiff_t)2 * ESCAPE_SIZE;
                        break;
                case SURROGATE_NONE:
                        if (end - p < 2)
                                return false;
                        p += 2; /* the backslash and what it protects, another backslash perhaps */
                        break;
                }
        }

        return false;
}

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

bool utf8_valid(const char *text, size_t len) {
        const unsigned char *p = (const unsigned char *)text, *end = p + len;

        for (p = skip_ascii(p, end); p < end; p = skip_ascii(p, end)) {
                /* Text in one language comes in runs of such sequences. */
                while (p < end && *p >= 0x80) {
                        size_t n = sequence_length(p, (size_t)(end - p));

                        if (n == 0)
                                return false;
                        p += n;
                }
        }

        return true;
}

const char *json_text_complaint(const char *text, size_t len) {
        if (!utf8_valid(text, len))
                return "the text is not UTF-8";
        if (memchr(text, '\v', len) || memchr(text, '\f', len))
                return "a vertical tab or form feed is in the text";

        return NULL;
}
