#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/alloc.h"

/*
 * Takes content codings (RFC 9110, section 8.4.1) off a body, piece by piece, and knows whether their streams
 * came to their ends: curl's own decoders take a stream that was cut short for a whole one, and a Zstandard
 * window of 128 MiB for granted. Memory: a window for each coding, 8 MiB at most of Zstandard (RFC 9659) and
 * 16 MiB of Brotli. Thread: the loop's.
 */

typedef struct Decoder Decoder;

#define DECODER_CODINGS "gzip, deflate, br, zstd" /* what may be asked for */

enum {
        _DECODER_E_SUCCESS,

        DECODER_E_UNKNOWN, /* another coding, or too many of them */
        DECODER_E_BROKEN,  /* no such stream, or something behind its end */
};

/* Gets what was decoded; what it returns, if not 0, ends decoder_feed() and is what that returns. */
typedef int (*decoder_sink_fn)(const char *bytes, size_t n, void *userdata);

/*
 * @codings: a Content-Encoding, in the order in which they were applied. @ret_decoder: NULL where there is
 * nothing to take off.
 * Returns 0, DECODER_E_UNKNOWN or -ENOMEM.
 */
int decoder_new(const char *codings, Decoder **ret_decoder);
Decoder *decoder_free(Decoder *decoder); /* accepts NULL */
DEFINE_FREEP(Decoder, decoder);

/* Returns 0, DECODER_E_BROKEN, -ENOMEM, or what @sink returned. Not to be called again but after 0. */
int decoder_feed(Decoder *decoder, const char *bytes, size_t n, decoder_sink_fn sink, void *userdata);

/* Whether what came so far is whole. */
bool decoder_ended(const Decoder *decoder);
