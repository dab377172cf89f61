/*
 * Content codings: the first byte chooses one, the rest is the body. In whatever pieces it comes, the same is
 * decoded, if it can be.
 */

#include "daemon/http/decoder.h"

#include <string.h>

#include "tests/fuzz/fuzz.h"

#define KEPT_MAX (1u << 20)

typedef struct Kept Kept;

struct Kept {
        char bytes[KEPT_MAX];
        size_t n;
};

enum { FULL = 1000 };

static int keep(const char *bytes, size_t n, void *userdata) {
        Kept *kept = userdata;

        if (n > KEPT_MAX - kept->n)
                return FULL;

        memcpy(kept->bytes + kept->n, bytes, n);
        kept->n += n;
        return 0;
}

static int decode(
        const char *coding, const char *body, size_t len, size_t piece, Kept *kept, bool *ret_ended) {
        _cleanup_(decoder_freep) Decoder *decoder = NULL;
        int r = 0;

        kept->n = 0;
        PROMISE(decoder_new(coding, &decoder) == 0 && decoder);
        for (size_t at = 0; at < len && !r; at += piece)
                r = decoder_feed(decoder, body + at, len - at < piece ? len - at : piece, keep, kept);

        *ret_ended = !r && decoder_ended(decoder);
        return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const char *const codings[] = { "gzip", "deflate", "br", "zstd", "gzip, br" };
        static Kept whole, pieces; /* too large for the stack */
        bool whole_ended, pieces_ended;
        const char *coding;
        int r, same;

        if (!size)
                return 0;

        coding = codings[data[0] % ELEMENTSOF(codings)];
        r = decode(coding, (const char *)data + 1, size - 1, size, &whole, &whole_ended);
        same = decode(coding, (const char *)data + 1, size - 1, 1, &pieces, &pieces_ended);
        if (r || same) /* libzstd finds some frames broken only when it sees them whole */
                return 0;

        PROMISE(whole_ended == pieces_ended);
        PROMISE(whole.n == pieces.n && memcmp(whole.bytes, pieces.bytes, whole.n) == 0);
        return 0;
}
