/* Content codings taken off: whatever the pieces, whole or cut short, and nothing that is no such stream. */

#include "daemon/http/decoder.h"

#include <string.h>

#include "tests/unit/unit.h"

#define TEXT "hello, hello, hello\n"
#define GZIP                                                                                                 \
        "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x48\xcd\xc9\xc9\xd7\x51\xc8\x40\xa2\xb8\x00\xe7\x42"   \
        "\x6e\x52\x14\x00\x00\x00"
#define ZLIB "\x78\xda\xcb\x48\xcd\xc9\xc9\xd7\x51\xc8\x40\xa2\xb8\x00\x4b\x07\x06\xdf"
#define BARE "\xcb\x48\xcd\xc9\xc9\xd7\x51\xc8\x40\xa2\xb8\x00"
#define BROTLI "\x1f\x13\x00\x00\x24\x15\x40\x58\x72\x10\x45\xa2\xa9\xc4\x73\x7a\x27"
#define ZSTD "\x28\xb5\x2f\xfd\x20\x14\x75\x00\x00\x40\x68\x65\x6c\x6c\x6f\x2c\x20\x0a\x01\x00\xe2\x8a\x11"
#define WIDE_ZSTD "\x28\xb5\x2f\xfd\x00\x88\x09\x00\x00x" /* a window of 128 MiB for one byte */
#define BYTES(_literal) _literal, sizeof(_literal) - 1

typedef struct Got Got;

struct Got {
        char text[200];
        size_t len;
        int answer; /* of the sink */
};

static int sink(const char *bytes, size_t n, void *userdata) {
        Got *got = userdata;

        assert_true(n > 0 && got->len + n <= sizeof(got->text));
        memcpy(got->text + got->len, bytes, n);
        got->len += n;
        return got->answer;
}

/* In pieces of @piece bytes. */
static int decode(
        const char *codings, const char *bytes, size_t len, size_t piece, Got *got, bool *ret_ended) {
        _cleanup_(decoder_freep) Decoder *decoder = NULL;
        int r = 0;

        assert_int_equal(decoder_new(codings, &decoder), 0);
        for (size_t at = 0; at < len && !r; at += piece) {
                size_t n = len - at < piece ? len - at : piece;
                char *exact = malloc(n); /* so that reading too far is seen */

                assert_non_null(exact);
                memcpy(exact, bytes + at, n);
                r = decoder_feed(decoder, exact, n, sink, got);
                free(exact);
        }

        *ret_ended = decoder_ended(decoder);
        return r;
}

static void test_whole_streams_in_any_pieces(void **state) {
        static const struct {
                const char *codings;
                const char *bytes;
                size_t len;
                const char *text;
        } cases[] = {
                { "gzip", BYTES(GZIP), TEXT },
                { "GZip", BYTES(GZIP), TEXT },
                { "x-gzip", BYTES(GZIP GZIP), TEXT TEXT },
                { " identity , gzip ,", BYTES(GZIP), TEXT },
                { "deflate", BYTES(ZLIB), TEXT },
                { "deflate", BYTES(BARE), TEXT },
                { "br", BYTES(BROTLI), TEXT },
                { "zstd", BYTES(ZSTD), TEXT },
                { "zstd", BYTES(ZSTD ZSTD), TEXT TEXT },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                for (size_t piece = 1; piece <= cases[i].len; piece++) {
                        Got got = {};
                        bool ended;

                        if (decode(cases[i].codings, cases[i].bytes, cases[i].len, piece, &got, &ended) !=
                                        0 ||
                                !ended || got.len != strlen(cases[i].text) ||
                                memcmp(got.text, cases[i].text, got.len) != 0)
                                fail_msg("case %zu by %zu: %.*s", i, piece, (int)got.len, got.text);
                }
        }
}

static void test_every_cut_is_seen(void **state) {
        static const struct {
                const char *codings;
                const char *bytes;
                size_t len;
        } cases[] = {
                { "gzip", BYTES(GZIP) },
                { "deflate", BYTES(ZLIB) },
                { "deflate", BYTES(BARE) },
                { "br", BYTES(BROTLI) },
                { "zstd", BYTES(ZSTD) },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                for (size_t len = 1; len < cases[i].len; len++) {
                        Got got = {};
                        bool ended;

                        assert_int_equal(decode(cases[i].codings, cases[i].bytes, len, 7, &got, &ended), 0);
                        if (ended)
                                fail_msg("case %zu: whole after %zu of %zu bytes", i, len, cases[i].len);
                }
        }
}

static void test_what_is_no_such_stream_is_broken(void **state) {
        static const struct {
                const char *codings;
                const char *bytes;
                size_t len;
        } cases[] = {
                { "gzip", BYTES(TEXT) },
                { "gzip", BYTES(ZLIB) },
                { "gzip", BYTES(GZIP "more") },
                { "deflate", BYTES(TEXT) },
                { "deflate", BYTES(ZLIB ZLIB) },
                { "deflate", BYTES(BARE "\0") },
                { "br", BYTES("\xff\xff\xff\xff") },
                { "br", BYTES(BROTLI "\0") },
                { "zstd", BYTES(TEXT) },
                { "zstd", BYTES(ZSTD TEXT) },
                { "zstd", BYTES(WIDE_ZSTD) },
                { "gzip, gzip", BYTES(GZIP) },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                for (size_t piece = 1; piece <= cases[i].len; piece++) {
                        Got got = {};
                        bool ended;

                        if (decode(cases[i].codings, cases[i].bytes, cases[i].len, piece, &got, &ended) !=
                                DECODER_E_BROKEN)
                                fail_msg("case %zu by %zu is taken", i, piece);
                }
        }
}

static void test_codings_are_taken_off_in_the_reverse_order(void **state) {
        /* A gzip of one stored block around a zlib stream. */
        static const char both[] = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x01\x12\x00\xed\xff" ZLIB
                                   "\xc8\x7e\x31\x4b\x12\x00\x00\x00";
        _cleanup_(decoder_freep) Decoder *decoder = NULL;
        Got got = {};

        assert_int_equal(decoder_new("deflate, gzip", &decoder), 0);
        (void)decoder_feed(decoder, both, sizeof(both) - 1 - 8, sink, &got); /* its checksum aside */
        assert_int_equal(got.len, strlen(TEXT));
        assert_memory_equal(got.text, TEXT, got.len);
        assert_false(decoder_ended(decoder));
}

static void test_which_codings_are_known(void **state) {
        static const char *const unknown[] = { "rot13", "gzipp", "compress", "gzip, rot13", "rot13, gzip",
                "gzip gzip", "gzip,gzip,gzip,gzip,gzip" };
        static const char *const none[] = { "", " ", "identity", ",, Identity ,", "," };
        Decoder *decoder = NULL;

        for (size_t i = 0; i < ELEMENTSOF(unknown); i++)
                assert_int_equal(decoder_new(unknown[i], &decoder), DECODER_E_UNKNOWN);
        for (size_t i = 0; i < ELEMENTSOF(none); i++) {
                assert_int_equal(decoder_new(none[i], &decoder), 0);
                assert_null(decoder);
        }
}

static void test_the_sink_may_say_stop(void **state) {
        Got got = { .answer = -1 };
        bool ended;

        assert_int_equal(decode("gzip, ", BYTES(GZIP), 100, &got, &ended), -1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_whole_streams_in_any_pieces),
                cmocka_unit_test(test_every_cut_is_seen),
                cmocka_unit_test(test_what_is_no_such_stream_is_broken),
                cmocka_unit_test(test_codings_are_taken_off_in_the_reverse_order),
                cmocka_unit_test(test_which_codings_are_known),
                cmocka_unit_test(test_the_sink_may_say_stop),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
