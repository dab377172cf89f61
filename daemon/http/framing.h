#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * How an HTTP/1 answer says where its body ends (RFC 9112, section 6.3), as strictly as that section wants:
 * curl takes the last of several lengths that differ, the beginning of one that is no number, codings of the
 * transfer that nobody asked for, and trailers without end. Zero is the beginning of each answer. Pure.
 */

typedef struct Framing Framing;

#define FRAMING_TRAILER_BYTES_MAX (64 * 1024)

struct Framing {
        bool has_length;
        uint64_t length;
        size_t trailer_bytes;
};

/* @line: one line of the headers, its end included. Returns NULL, or what is wrong with it; static. */
const char *framing_header(Framing *framing, const char *line, size_t n);

/* The same for a line behind the last chunk, of which only the number and size matter. */
const char *framing_trailer(Framing *framing, size_t n);
