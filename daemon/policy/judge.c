/* What an answer is worth. */

#include "daemon/policy/judge.h"

FailureReason judge_answer(const StatusSet *expected, FailureReason transport, int status) {
        switch (transport) {
        case REASON_NONE:
        case REASON_TOO_LARGE:
        case REASON_BAD_BODY:
                return status == 0 || status_set_has(expected, status) ? transport : REASON_HTTP_STATUS;
        default:
                return transport;
        }
}
