#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/alloc.h"

/*
 * Text that somebody else owns (Text) and a growing buffer (Bytes).
 *
 * A Bytes remembers that memory ran out: whatever is added after that is dropped, and whoever sends
 * the result looks at `failed` once instead of checking every addition. Zeroed is a valid empty one.
 */

typedef struct Text Text;
typedef struct Bytes Bytes;

struct Text {
        const char *data; /* NULL: there is none; not NUL-terminated */
        size_t len;
};

struct Bytes {
        char *data;
        size_t len;
        size_t size;
        bool failed;
};

#define TEXT_INIT(_literal)                                                                                  \
        { (_literal), sizeof(_literal) - 1 }
#define TEXT(_literal) ((Text)TEXT_INIT(_literal))

Text text_of(const char *string);

bool text_equal(Text a, Text b);
bool text_equal_caseless(Text a, Text b);
bool text_starts_with(Text text, Text start);

/* The value of a hexadecimal digit; 16 when it is none. */
unsigned text_hex_digit(char c);

/* Room for @n more bytes behind the content, which the caller adds to `len` himself; NULL without memory. */
char *bytes_reserve(Bytes *bytes, size_t n);

void bytes_add(Bytes *bytes, Text text);
void bytes_addf(Bytes *bytes, const char *format, ...) _printf_(2, 3);

/* Adds a quoted JSON string; what is not UTF-8 becomes U+FFFD, so that the result always is. */
void bytes_add_json(Bytes *bytes, Text text);

static inline Text bytes_text(const Bytes *bytes) {
        return (Text) { bytes->data, bytes->len };
}

/* Empties it; memory of up to @keep bytes stays for the next content. */
void bytes_clear(Bytes *bytes, size_t keep);
void bytes_deinit(Bytes *bytes);
