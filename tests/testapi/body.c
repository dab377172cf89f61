/* Bodies of any size, plain or packed, without the memory they would take. */

#include "tests/testapi/body.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/*
 * Raw deflate, because the header and the sum are of the whole and written here. A small window and
 * little memory: setting up zlib's defaults (256 KiB) costs ten times what a usual body does.
 */
#define BODY_WINDOW_BITS (-12)
#define BODY_MEMORY_LEVEL 4
#define BODY_LEVEL 6

struct BodyFill {
        char plain[BODY_FILL_SIZE];
        Bytes packed;
        uLong crc;
};

/* Appends @n bytes as raw deflate that depends on nothing before it: deflate streams may be joined. */
static int pack(Bytes *out, Text *texts, size_t n_texts, bool last) {
        z_stream stream = {};
        int r = 0;

        if (deflateInit2(&stream, BODY_LEVEL, Z_DEFLATED, BODY_WINDOW_BITS, BODY_MEMORY_LEVEL,
                    Z_DEFAULT_STRATEGY) != Z_OK)
                return -ENOMEM;

        for (size_t i = 0; i < n_texts && !r; i++) {
                int flush = i + 1 < n_texts ? Z_NO_FLUSH : last ? Z_FINISH : Z_FULL_FLUSH;

                stream.next_in = (Bytef *)texts[i].data;
                stream.avail_in = (uInt)texts[i].len;
                do {
                        char *room = bytes_reserve(out, 4096);

                        if (!room) {
                                r = -ENOMEM;
                                break;
                        }
                        stream.next_out = (Bytef *)room;
                        stream.avail_out = 4096;
                        (void)deflate(&stream, flush);
                        out->len += 4096 - stream.avail_out;
                } while (stream.avail_out == 0);
        }

        deflateEnd(&stream);
        return r;
}

static uLong crc_add(uLong crc, Text text) {
        return text.len > 0 ? crc32_z(crc, (const Bytef *)text.data, text.len) : crc;
}

/* The sum of @n equal pieces in a row, in log(n) steps. */
static uLong crc_repeat(uLong crc, size_t len, uint64_t n) {
        uLong half;

        if (n == 0)
                return crc32(0, NULL, 0);
        if (n == 1)
                return crc;

        half = crc_repeat(crc, len, n / 2);
        half = crc32_combine(half, half, (z_off_t)(len * (n / 2)));
        return n % 2 ? crc32_combine(half, crc, (z_off_t)len) : half;
}

static BodyFill *body_fill_new(char c) {
        BodyFill *fill;
        Text text;

        fill = calloc(1, sizeof(*fill));
        if (!fill)
                return NULL;

        memset(fill->plain, c, sizeof(fill->plain));
        text = (Text) { fill->plain, sizeof(fill->plain) };
        fill->crc = crc_add(crc32(0, NULL, 0), text);
        if (pack(&fill->packed, &text, 1, false)) {
                bytes_deinit(&fill->packed);
                free(fill);
                return NULL;
        }

        return fill;
}

int body_packer_init(BodyPacker *packer) {
        static const char characters[] = { [BODY_FILL_PAD] = 'x', [BODY_FILL_SPACE] = ' ' };

        *packer = (BodyPacker) {};

        for (size_t i = 0; i < _BODY_FILL_N; i++) {
                packer->fills[i] = body_fill_new(characters[i]);
                if (!packer->fills[i]) {
                        body_packer_deinit(packer);
                        return -ENOMEM;
                }
        }

        return 0;
}

void body_packer_deinit(BodyPacker *packer) {
        for (size_t i = 0; i < _BODY_FILL_N; i++) {
                if (packer->fills[i])
                        bytes_deinit(&packer->fills[i]->packed);
                free(packer->fills[i]);
        }

        bytes_deinit(&packer->start);
        bytes_deinit(&packer->end);
        *packer = (BodyPacker) {};
}

Body body_filled(const BodyPacker *packer, Text start, BodyFillKind kind, uint64_t n, Text end) {
        return (Body) {
                .start = start,
                .unit = { packer->fills[kind]->plain, BODY_FILL_SIZE },
                .fill = n,
                .end = end,
                .kind = kind,
        };
}

int body_pack(BodyPacker *packer, const Body *plain, Body *ret_packed) {
        static const char header[] = { 0x1f, (char)0x8b, Z_DEFLATED, 0, 0, 0, 0, 0, 0, 3 };
        const BodyFill *fill = packer->fills[plain->kind];
        uint64_t n = plain->fill / BODY_FILL_SIZE, length = body_length(plain);
        Text rest[] = { { fill->plain, plain->fill % BODY_FILL_SIZE }, plain->end };
        Text start = plain->start;
        uLong crc;
        int r;

        bytes_clear(&packer->start, BODY_FILL_SIZE);
        bytes_clear(&packer->end, BODY_FILL_SIZE);

        bytes_add(&packer->start, (Text) { header, sizeof(header) });
        r = pack(&packer->start, &start, 1, false);
        if (!r)
                r = pack(&packer->end, rest, ELEMENTSOF(rest), true);
        if (r)
                return r;

        crc = crc_add(crc32(0, NULL, 0), start);
        crc = crc32_combine(crc, crc_repeat(fill->crc, BODY_FILL_SIZE, n), (z_off_t)(n * BODY_FILL_SIZE));
        crc = crc_add(crc_add(crc, rest[0]), rest[1]);

        for (unsigned shift = 0; shift < 32; shift += 8)
                bytes_add(&packer->end, (Text) { (char[]) { (char)(crc >> shift) }, 1 });
        for (unsigned shift = 0; shift < 32; shift += 8)
                bytes_add(&packer->end, (Text) { (char[]) { (char)(length >> shift) }, 1 });
        if (packer->start.failed || packer->end.failed)
                return -ENOMEM;

        *ret_packed = (Body) {
                .start = bytes_text(&packer->start),
                .unit = bytes_text(&fill->packed),
                .fill = n * fill->packed.len,
                .end = bytes_text(&packer->end),
        };
        return 0;
}
