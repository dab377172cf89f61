#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * Text that grows, and characters as a URI holds them (RFC 3986). No state beyond the text: any thread, one
 * at a time for each object.
 */

typedef struct UriText UriText;

struct UriText {
        char *data; /* NUL-terminated, malloc'ed, the owner's to free; NULL before anything was appended */
        size_t len, allocated;
        bool failed; /* memory ran out: the text is not whole */
};

/* What may stand as it is; everything else is percent-encoded, byte by byte. To be added up. */
typedef enum UriKeep {
        URI_KEEP_UNRESERVED = 1 << 0, /* letters, digits, - . _ ~ */
        URI_KEEP_RESERVED = 1 << 1,   /* what structures a URI */
        URI_KEEP_QUERY = 1 << 2,    /* of the reserved ones, what does not end or change a value in a query */
        URI_KEEP_KEY = 1 << 3,      /* the same for a key, which "=" ends */
        URI_KEEP_TRIPLETS = 1 << 4, /* what is percent-encoded already */
} UriKeep;

void uri_text_append(UriText *text, const char *bytes, size_t len);
void uri_text_append_encoded(UriText *text, const char *bytes, size_t len, UriKeep keep);

/* The value of the %XX at @text, or -1 if there is none. */
int uri_triplet(const char *text);
