/* How an HTTP/1 answer says where its body ends. */

#include "daemon/http/framing.h"

#include <string.h>
#include <strings.h>

#define BLANKS " \t\r\n"

typedef struct Value Value;

struct Value {
        const char *text;
        size_t len;
};

static Value trim(const char *text, size_t len) {
        while (len > 0 && memchr(BLANKS, text[0], strlen(BLANKS))) {
                text++;
                len--;
        }
        while (len > 0 && memchr(BLANKS, text[len - 1], strlen(BLANKS)))
                len--;

        return (Value) { text, len };
}

static bool header_is(const char *line, size_t n, const char *name, Value *ret_value) {
        size_t len = strlen(name);

        if (n <= len || strncasecmp(line, name, len) != 0 || line[len] != ':')
                return false;

        *ret_value = trim(line + len + 1, n - len - 1);
        return true;
}

/* Digits only: RFC 9110, section 8.6. */
static bool read_length(Value value, uint64_t *ret_length) {
        uint64_t length = 0;

        if (value.len == 0)
                return false;

        for (size_t i = 0; i < value.len; i++) {
                char c = value.text[i];

                if (c < '0' || c > '9' || length > (UINT64_MAX - 9) / 10)
                        return false;
                length = length * 10 + (uint64_t)(c - '0');
        }

        *ret_length = length;
        return true;
}

/* Several that agree, in one line or in many, are one. */
static const char *take_lengths(Framing *framing, Value value) {
        const char *end = value.text + value.len, *text = value.text, *comma;
        uint64_t length;

        do {
                comma = memchr(text, ',', (size_t)(end - text));
                if (!read_length(trim(text, (size_t)((comma ? comma : end) - text)), &length))
                        return "its Content-Length is no number";
                if (framing->has_length && framing->length != length)
                        return "it has several Content-Lengths that differ";

                framing->has_length = true;
                framing->length = length;
                text = comma ? comma + 1 : end;
        } while (comma);

        return NULL;
}

const char *framing_header(Framing *framing, const char *line, size_t n) {
        Value value;

        if (header_is(line, n, "Content-Length", &value))
                return take_lengths(framing, value);

        /* No request asks for another coding by TE. */
        if (header_is(line, n, "Transfer-Encoding", &value) &&
                !(value.len == strlen("chunked") && !strncasecmp(value.text, "chunked", value.len)) &&
                !(value.len == strlen("identity") && !strncasecmp(value.text, "identity", value.len)))
                return "its Transfer-Encoding is not \"chunked\"";

        return NULL;
}

const char *framing_trailer(Framing *framing, size_t n) {
        framing->trailer_bytes += n;

        return framing->trailer_bytes > FRAMING_TRAILER_BYTES_MAX ? "its trailers are too long" : NULL;
}
