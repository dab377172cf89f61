/* The table of reasons. */

#include "daemon/spec/reason.h"

#include <string.h>

static const struct {
        const char *name;
        const char *help;
} reasons[_REASON_N] = {
        [REASON_NONE] = { "", "" },
        [REASON_HTTP_STATUS] = { "http_status",
                "the API answered with a status that expect.status does not name" },
        [REASON_EXPECTATION] = { "expectation", "the body is not what expect.match asks for" },
        [REASON_BAD_BODY] = { "bad_body", "the body is not what result.parse says" },
        [REASON_TOO_LARGE] = { "too_large", "the body is larger than result.max_bytes" },
        [REASON_TIMEOUT] = { "timeout", "a time limit ran out" },
        [REASON_CONNECT] = { "connect", "refused, unreachable, or closed before the whole answer was there" },
        [REASON_DNS] = { "dns", "the host's name could not be resolved" },
        [REASON_TLS] = { "tls", "the secure connection could not be made" },
        [REASON_PROTOCOL] = { "protocol", "what came is not HTTP" },
        [REASON_REDIRECT] = { "redirect", "too many redirects, or one to a place that is not followed" },
        [REASON_DENIED_ADDRESS] = { "denied_address",
                "the address is not public and AllowAddress= does not name it" },
        [REASON_TEMPLATE] = { "template", "the document lacks what the request's templates need" },
        [REASON_BAD_URL] = { "bad_url", "the expanded URL is not an http or https URL with a host" },
        [REASON_STORE_REFUSED] = { "store_refused", "the store would not take this answer" },
};

const char *reason_name(FailureReason reason) {
        return reasons[reason].name;
}

const char *reason_help(FailureReason reason) {
        return reasons[reason].help;
}

FailureReason reason_parse(const char *name) {
        for (FailureReason reason = REASON_NONE + 1; reason < _REASON_N; reason++)
                if (strcmp(reasons[reason].name, name) == 0)
                        return reason;

        return REASON_NONE;
}
