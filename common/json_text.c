/* What has to be looked for in the text of JSON itself. */

#include "common/json_text.h"

#include <string.h>

#include "common/utf8.h"

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

const char *json_text_lone_surrogate(const char *text, size_t len) {
        const char *end = text + len, *p = text;

        while ((p = memchr(p, '\\', (size_t)(end - p)))) {
                switch (surrogate_at(p, end)) {
                case SURROGATE_LOW:
                        return p;
                case SURROGATE_HIGH:
                        if (surrogate_at(p + ESCAPE_SIZE, end) != SURROGATE_LOW)
                                return p;
                        p += (ptrdiff_t)2 * ESCAPE_SIZE;
                        break;
                case SURROGATE_NONE:
                        if (end - p < 2)
                                return NULL;
                        p += 2; /* the backslash and what it protects, another backslash perhaps */
                        break;
                }
        }

        return NULL;
}

const char *json_text_complaint(const char *text, size_t len, size_t *ret_offset) {
        size_t span = utf8_span(text, len);
        const char *p;

        *ret_offset = span;
        if (span < len)
                return "the text is not UTF-8";

        p = memchr(text, '\v', len);
        if (!p)
                p = memchr(text, '\f', len);
        if (!p)
                return NULL;

        *ret_offset = (size_t)(p - text);
        return "a vertical tab or form feed is in the text";
}
