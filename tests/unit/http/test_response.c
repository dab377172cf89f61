/* What curl's codes mean, those included that no server in a test can provoke. */

#include "daemon/http/response.h"

#include "tests/unit/unit.h"

static void test_every_code_has_its_result(void **state) {
        static const struct {
                CURLcode code;
                HttpHop hop;
                const char *error;
                HttpResult result;
        } cases[] = {
                { CURLE_OK, HOP_BODY, "", HTTP_ANSWERED }, { CURLE_OK, HOP_HEADERS, "", HTTP_CONNECT },
                { CURLE_OK, HOP_INTERIM, "", HTTP_CONNECT }, { CURLE_OK, HOP_ASKED, "", HTTP_CONNECT },
                { CURLE_OPERATION_TIMEDOUT, HOP_CONNECT, "", HTTP_TIMEOUT },
                { CURLE_COULDNT_RESOLVE_HOST, HOP_CONNECT, "", HTTP_DNS },
                { CURLE_COULDNT_RESOLVE_PROXY, HOP_CONNECT, "", HTTP_DNS },
                { CURLE_COULDNT_CONNECT, HOP_CONNECT, "", HTTP_CONNECT },
                { CURLE_GOT_NOTHING, HOP_ASKED, "", HTTP_CONNECT },
                { CURLE_PARTIAL_FILE, HOP_BODY, "", HTTP_CONNECT },
                { CURLE_SEND_ERROR, HOP_ASKED, "", HTTP_CONNECT },
                { CURLE_RECV_ERROR, HOP_ASKED, "Recv failure: Connection reset by peer", HTTP_CONNECT },
                { CURLE_RECV_ERROR, HOP_BODY, "Illegal or missing hexadecimal sequence in chunked-encoding",
                        HTTP_PROTOCOL },
                { CURLE_RECV_ERROR, HOP_HEADERS, "Too large response headers: 307201 > 307200",
                        HTTP_PROTOCOL },
                { CURLE_PEER_FAILED_VERIFICATION, HOP_CONNECT, "", HTTP_TLS },
                { CURLE_SSL_CONNECT_ERROR, HOP_CONNECT, "wrong version number", HTTP_TLS },
                { CURLE_SSL_CONNECT_ERROR, HOP_CONNECT,
                        "OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection", HTTP_CONNECT },
                { CURLE_SSL_CONNECT_ERROR, HOP_CONNECT, "Recv failure: Connection reset by peer",
                        HTTP_CONNECT },
                { CURLE_SSL_CONNECT_ERROR, HOP_CONNECT, "Send failure: Broken pipe", HTTP_CONNECT },
                { CURLE_SSL_CACERT_BADFILE, HOP_CONNECT, "", HTTP_TLS },
                { CURLE_WEIRD_SERVER_REPLY, HOP_ASKED, "", HTTP_PROTOCOL },
                { CURLE_HTTP2_STREAM, HOP_BODY, "", HTTP_PROTOCOL },
                { CURLE_OUT_OF_MEMORY, HOP_HEADERS, "", HTTP_PROTOCOL },
                { CURLE_OUT_OF_MEMORY, HOP_CONNECT, "", HTTP_CONNECT },
                { CURLE_UNSUPPORTED_PROTOCOL, HOP_ASKED, "", HTTP_PROTOCOL },
                { CURLE_UNSUPPORTED_PROTOCOL, HOP_BODY, "", HTTP_REDIRECT },
                { CURLE_URL_MALFORMAT, HOP_CONNECT, "", HTTP_BAD_URL },
                { CURLE_URL_MALFORMAT, HOP_BODY, "", HTTP_REDIRECT },
                { CURLE_TOO_MANY_REDIRECTS, HOP_BODY, "", HTTP_REDIRECT },
                { CURLE_BAD_CONTENT_ENCODING, HOP_HEADERS, "", HTTP_PROTOCOL },
                { CURLE_AGAIN, HOP_BODY, "", HTTP_CONNECT }, /* none that we know */
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                HttpResult result = response_result(cases[i].code, cases[i].hop, cases[i].error);

                if (result != cases[i].result)
                        fail_msg("case %zu, code %d: %d is not %d", i, (int)cases[i].code, (int)result,
                                (int)cases[i].result);
        }
}

static void test_a_text_becomes_one_line_of_ascii(void **state) {
        char text[] = "subject\r\n \xff\x80x\x1b[31m ok";

        response_clean_text(text);
        assert_string_equal(text, "subject?\? ?\?x?[31m ok");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_code_has_its_result),
                cmocka_unit_test(test_a_text_becomes_one_line_of_ascii),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
