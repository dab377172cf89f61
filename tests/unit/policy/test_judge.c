/* What an answer is worth before anybody reads its body. */

#include "daemon/policy/judge.h"

#include "tests/unit/unit.h"

static void test_verdicts(void **state) {
        static const struct {
                FailureReason transport;
                int status;
                FailureReason verdict;
        } cases[] = {
                { REASON_NONE, 200, REASON_NONE },
                { REASON_NONE, 204, REASON_NONE },
                { REASON_NONE, 301, REASON_HTTP_STATUS },
                { REASON_NONE, 500, REASON_HTTP_STATUS },
                { REASON_TOO_LARGE, 200, REASON_TOO_LARGE },
                { REASON_TOO_LARGE, 500, REASON_HTTP_STATUS }, /* the status says more */
                { REASON_TOO_LARGE, 0, REASON_TOO_LARGE },     /* the body of a redirect */
                { REASON_BAD_BODY, 200, REASON_BAD_BODY },
                { REASON_BAD_BODY, 404, REASON_HTTP_STATUS },
                { REASON_TIMEOUT, 200, REASON_TIMEOUT }, /* half an answer is none */
                { REASON_CONNECT, 0, REASON_CONNECT },
                { REASON_DENIED_ADDRESS, 302, REASON_DENIED_ADDRESS },
        };
        StatusSet expected = {};

        assert_int_equal(status_set_add(&expected, "2xx"), 0);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                assert_int_equal(
                        judge_answer(&expected, cases[i].transport, cases[i].status), cases[i].verdict);
}

int main(void) {
        static const struct CMUnitTest tests[] = { cmocka_unit_test(test_verdicts) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
