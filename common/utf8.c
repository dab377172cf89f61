/* Where text stops being UTF-8. */

#include "common/utf8.h"

#include <stdint.h>
#include <string.h>

#include "common/alloc.h"

/*
 * Well-formed sequences by their first byte (RFC 3629, section 4). The second byte's own bounds are what
 * rules out overlong forms, surrogates and code points that do not exist; further ones are 80 to BF.
 */
static const struct {
        unsigned char first, last; /* bytes */
        unsigned char low, high;   /* of the second byte */
        size_t length;
} sequences[] = {
        { 0xc2, 0xdf, 0x80, 0xbf, 2 },
        { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
        { 0xe1, 0xec, 0x80, 0xbf, 3 },
        { 0xed, 0xed, 0x80, 0x9f, 3 },
        { 0xee, 0xef, 0x80, 0xbf, 3 },
        { 0xf0, 0xf0, 0x90, 0xbf, 4 },
        { 0xf1, 0xf3, 0x80, 0xbf, 4 },
        { 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

/* Bytes of the sequence at @p, which has @left of them; 0 if it is none. */
static size_t sequence_length(const unsigned char *p, size_t left) {
        for (size_t i = 0; i < ELEMENTSOF(sequences); i++) {
                size_t length = sequences[i].length;

                if (*p < sequences[i].first || *p > sequences[i].last)
                        continue;
                if (left < length || p[1] < sequences[i].low || p[1] > sequences[i].high)
                        return 0;

                for (size_t k = 2; k < length; k++)
                        if ((p[k] & 0xc0) != 0x80)
                                return 0;
                return length;
        }

        return 0;
}

/* Most text is ASCII: eight bytes at a time. */
static size_t ascii_span(const unsigned char *p, size_t len) {
        uint64_t word;
        size_t i = 0;

        for (; len - i >= sizeof(word); i += sizeof(word)) {
                memcpy(&word, p + i, sizeof(word));
                if (word & UINT64_C(0x8080808080808080))
                        break;
        }

        while (i < len && p[i] < 0x80)
                i++;
        return i;
}

size_t utf8_span(const char *text, size_t len) {
        const unsigned char *p = (const unsigned char *)text;
        size_t i = 0;

        while ((i += ascii_span(p + i, len - i)) < len) {
                size_t n = sequence_length(p + i, len - i);

                if (n == 0)
                        return i;
                i += n;
        }

        return len;
}
