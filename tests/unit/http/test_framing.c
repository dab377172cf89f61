/* Which headers say where a body ends, and which leave it open. */

#include "daemon/http/framing.h"

#include <string.h>

#include "tests/unit/unit.h"

static void test_lengths_and_codings(void **state) {
        static const struct {
                const char *lines[3];
                bool good;
        } cases[] = {
                { { "Content-Length: 5\r\n" }, true },
                { { "content-length:5\n" }, true },
                { { "Content-Length: \t 0005 \r\n" }, true },
                { { "Content-Length: 18446744073709551599\r\n" }, true },
                { { "Content-Length: 5\r\n", "Content-Length: 5\r\n" }, true },
                { { "Content-Length: 5, 5 ,05\r\n" }, true },
                { { "Content-Length: 5\r\n", "Content-Length: 6\r\n" }, false },
                { { "Content-Length: 5\r\n", "X: y\r\n", "Content-Length: 5, 6\r\n" }, false },
                { { "Content-Length: 5,\r\n" }, false },
                { { "Content-Length: ,5\r\n" }, false },
                { { "Content-Length:\r\n" }, false },
                { { "Content-Length: -5\r\n" }, false },
                { { "Content-Length: +5\r\n" }, false },
                { { "Content-Length: 5x\r\n" }, false },
                { { "Content-Length: 0x5\r\n" }, false },
                { { "Content-Length: 5 5\r\n" }, false },
                { { "Content-Length: 18446744073709551616\r\n" }, false },
                { { "Content-Length: 99999999999999999999999\r\n" }, false },
                { { "Content-Lengthy: x\r\n", "Content-Length\r\n", "X-Content-Length: x\r\n" }, true },
                { { "Transfer-Encoding: chunked\r\n" }, true },
                { { "transfer-encoding:Chunked\r\n" }, true },
                { { "Transfer-Encoding: identity\r\n" }, true },
                { { "Transfer-Encoding: gzip, chunked\r\n" }, false },
                { { "Transfer-Encoding: chunkedx\r\n" }, false },
                { { "Transfer-Encoding:\r\n" }, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const char *complaint = NULL;
                Framing framing = {};

                for (size_t j = 0; j < ELEMENTSOF(cases[i].lines) && cases[i].lines[j] && !complaint; j++)
                        complaint = framing_header(&framing, cases[i].lines[j], strlen(cases[i].lines[j]));
                if (!complaint != cases[i].good)
                        fail_msg("case %zu: %s", i, complaint ? complaint : "nothing is wrong");
        }
}

static void test_trailers_are_bounded(void **state) {
        Framing framing = {};

        assert_null(framing_trailer(&framing, FRAMING_TRAILER_BYTES_MAX));
        assert_non_null(framing_trailer(&framing, 1));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_lengths_and_codings),
                cmocka_unit_test(test_trailers_are_bounded),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
