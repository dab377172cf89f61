/* Takes content codings off a body: one stage for each coding, each feeding the next. */

#include "daemon/http/decoder.h"

#include <brotli/decode.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "common/error.h"

#define STAGES_MAX 4           /* nobody applies more than one; each costs its window */
#define OUT_BYTES (16 * 1024)  /* on the stack, once for each stage */
#define ZSTD_WINDOW_LOG_MAX 23 /* RFC 9659: a decoder need not support more */
#define GZIP_BITS (16 + MAX_WBITS)
#define BLANKS " \t"

typedef struct Coding Coding;
typedef struct Flow Flow;
typedef struct Stage Stage;

/* What one step may take and has given. */
struct Flow {
        const uint8_t *in;
        size_t in_len;
        uint8_t *out;
        size_t out_len;
};

/* All but `close` return 0, DECODER_E_BROKEN or -ENOMEM. */
struct Coding {
        const char *name;
        int (*open)(Stage *stage);
        int (*step)(Stage *stage, Flow *flow); /* moves @flow on and sets `ended` */
        int (*again)(Stage *stage);            /* begins what follows an ended stream; NULL: nothing may */
        void (*close)(Stage *stage);
};

struct Stage {
        const Coding *coding;
        bool ended; /* its stream is whole so far */
        bool open;
        z_stream zlib;
        BrotliDecoderState *brotli;
        ZSTD_DStream *zstd;
};

struct Decoder {
        Stage stages[STAGES_MAX]; /* the coding that was applied last is taken off first */
        size_t n_stages;
};

static int inflate_open(Stage *stage, int window_bits) {
        if (inflateInit2(&stage->zlib, window_bits) != Z_OK)
                return -ENOMEM;

        stage->open = true;
        return 0;
}

static int gzip_open(Stage *stage) {
        return inflate_open(stage, GZIP_BITS);
}

static int inflate_step(Stage *stage, Flow *flow) {
        z_stream *zlib = &stage->zlib;
        int r;

        zlib->next_in = (Bytef *)(uintptr_t)flow->in;
        zlib->avail_in = (uInt)flow->in_len;
        zlib->next_out = flow->out;
        zlib->avail_out = (uInt)flow->out_len;
        r = inflate(zlib, Z_NO_FLUSH);
        *flow = (Flow) { zlib->next_in, zlib->avail_in, zlib->next_out, zlib->avail_out };

        stage->ended = r == Z_STREAM_END;
        if (r == Z_MEM_ERROR)
                return -ENOMEM;

        return r == Z_STREAM_END || r == Z_OK || r == Z_BUF_ERROR ? 0 : DECODER_E_BROKEN;
}

static int inflate_again(Stage *stage) {
        return inflateReset(&stage->zlib) == Z_OK ? 0 : DECODER_E_BROKEN;
}

static void inflate_close(Stage *stage) {
        if (stage->open)
                inflateEnd(&stage->zlib);
}

static int deflate_open(Stage *stage) {
        return 0; /* the first byte says how */
}

/*
 * "deflate" means the zlib format (RFC 9110, section 8.4.1.2), yet some send the bare stream. A zlib header
 * begins with a byte that ends in 8, which in a bare stream would be a stored block with bits set in its
 * padding: no encoder writes that.
 */
static int deflate_step(Stage *stage, Flow *flow) {
        int r = 0;

        if (!stage->open && flow->in_len > 0)
                r = inflate_open(stage, (flow->in[0] & 0x0f) == Z_DEFLATED ? MAX_WBITS : -MAX_WBITS);
        if (r || !stage->open)
                return r;

        return inflate_step(stage, flow);
}

static int brotli_open(Stage *stage) {
        stage->brotli = BrotliDecoderCreateInstance(NULL, NULL, NULL);

        return stage->brotli ? 0 : -ENOMEM;
}

static int brotli_step(Stage *stage, Flow *flow) {
        BrotliDecoderResult result = BrotliDecoderDecompressStream(
                stage->brotli, &flow->in_len, &flow->in, &flow->out_len, &flow->out, NULL);

        stage->ended = result == BROTLI_DECODER_RESULT_SUCCESS;

        return result == BROTLI_DECODER_RESULT_ERROR ? DECODER_E_BROKEN : 0;
}

static void brotli_close(Stage *stage) {
        if (stage->brotli)
                BrotliDecoderDestroyInstance(stage->brotli);
}

static int zstd_open(Stage *stage) {
        stage->zstd = ZSTD_createDStream();
        if (!stage->zstd)
                return -ENOMEM;

        return ZSTD_isError(ZSTD_DCtx_setParameter(stage->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MAX))
                       ? -ENOMEM
                       : 0;
}

static int zstd_step(Stage *stage, Flow *flow) {
        ZSTD_inBuffer in = { .src = flow->in, .size = flow->in_len };
        ZSTD_outBuffer out = { .dst = flow->out, .size = flow->out_len };
        size_t r = ZSTD_decompressStream(stage->zstd, &out, &in);

        *flow = (Flow) { flow->in + in.pos, flow->in_len - in.pos, flow->out + out.pos,
                flow->out_len - out.pos };
        stage->ended = r == 0;
        if (!ZSTD_isError(r))
                return 0;

        return ZSTD_getErrorCode(r) == ZSTD_error_memory_allocation ? -ENOMEM : DECODER_E_BROKEN;
}

/* The library begins the next frame by itself. */
static int zstd_again(Stage *stage) {
        return 0;
}

static void zstd_close(Stage *stage) {
        ZSTD_freeDStream(stage->zstd);
}

static const Coding codings_known[] = {
        { "gzip", gzip_open, inflate_step, inflate_again, inflate_close },
        { "x-gzip", gzip_open, inflate_step, inflate_again, inflate_close },
        { "deflate", deflate_open, deflate_step, NULL, inflate_close },
        { "br", brotli_open, brotli_step, NULL, brotli_close },
        { "zstd", zstd_open, zstd_step, zstd_again, zstd_close },
};

static const Coding *find(const char *name, size_t len) {
        for (size_t i = 0; i < ELEMENTSOF(codings_known); i++)
                if (strlen(codings_known[i].name) == len && !strncasecmp(codings_known[i].name, name, len))
                        return &codings_known[i];

        return NULL;
}

static bool is_none(const char *name, size_t len) {
        return len == 0 || (len == strlen("identity") && !strncasecmp(name, "identity", len));
}

/* @name: with blanks around it. */
static int add_stage(Decoder *decoder, const char *name, size_t len) {
        const Coding *coding;
        Stage *stage;

        for (; len > 0 && strchr(BLANKS, name[0]); len--)
                name++;
        while (len > 0 && strchr(BLANKS, name[len - 1]))
                len--;
        if (is_none(name, len))
                return 0;

        coding = find(name, len);
        if (!coding || decoder->n_stages == STAGES_MAX)
                return DECODER_E_UNKNOWN;

        stage = &decoder->stages[decoder->n_stages++];
        stage->coding = coding;
        return coding->open(stage);
}

int decoder_new(const char *codings, Decoder **ret_decoder) {
        _cleanup_(decoder_freep) Decoder *decoder = calloc(1, sizeof(*decoder));
        size_t end = strlen(codings);
        int r = 0;

        if (!decoder)
                return -ENOMEM;

        /* From the last one to the first. */
        while (!r && end > 0) {
                size_t begin = end;

                while (begin > 0 && codings[begin - 1] != ',')
                        begin--;
                r = add_stage(decoder, codings + begin, end - begin);
                end = begin > 0 ? begin - 1 : 0;
        }
        if (r)
                return r;

        *ret_decoder = decoder->n_stages > 0 ? TAKE_PTR(decoder) : NULL;
        return 0;
}

Decoder *decoder_free(Decoder *decoder) {
        if (!decoder)
                return NULL;

        for (size_t i = 0; i < decoder->n_stages; i++)
                decoder->stages[i].coding->close(&decoder->stages[i]);
        free(decoder);
        return NULL;
}

static int begin_again(Stage *stage) {
        return stage->coding->again ? stage->coding->again(stage) : DECODER_E_BROKEN;
}

static int feed_stage(
        Decoder *decoder, size_t i, const uint8_t *bytes, size_t n, decoder_sink_fn sink, void *userdata) {
        Flow flow = { .in = bytes, .in_len = n };
        Stage *stage = &decoder->stages[i];
        uint8_t out[OUT_BYTES];
        size_t came, left;
        int r;

        if (i == decoder->n_stages)
                return sink((const char *)bytes, n, userdata);

        do {
                if (stage->ended && flow.in_len > 0) {
                        r = begin_again(stage);
                        if (r)
                                return r;
                }

                left = flow.in_len;
                flow.out = out;
                flow.out_len = sizeof(out);
                r = stage->coding->step(stage, &flow);
                if (r)
                        return r;

                came = sizeof(out) - flow.out_len;
                if (came == 0 && left > 0 && flow.in_len == left)
                        return DECODER_E_BROKEN; /* it would stand still for ever */
                r = came > 0 ? feed_stage(decoder, i + 1, out, came, sink, userdata) : 0;
                if (r)
                        return r;
        } while (flow.in_len > 0 || (came == sizeof(out) && !stage->ended)); /* full: there may be more */

        return 0;
}

int decoder_feed(Decoder *decoder, const char *bytes, size_t n, decoder_sink_fn sink, void *userdata) {
        return feed_stage(decoder, 0, (const uint8_t *)bytes, n, sink, userdata);
}

bool decoder_ended(const Decoder *decoder) {
        for (size_t i = 0; i < decoder->n_stages; i++)
                if (!decoder->stages[i].ended)
                        return false;

        return true;
}
