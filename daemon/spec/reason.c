/* The table of reasons. */

#include "daemon/spec/reason.h"

#include <string.h>

static const struct {
        const char *name;
        const char *help;
        const char *remedy;
} reasons[_REASON_N] = {
        [REASON_NONE] = { "", "", "" },
        [REASON_HTTP_STATUS] = { "http_status",
                "the API answered with a status that expect.status does not name",
                "the body that is stored with a document often says why; reqctl retry JOB --reason "
                "http_status, or "
                "name the status in --expect-status of a new job" },
        [REASON_EXPECTATION] = { "expectation", "the body is not what expect.match asks for",
                "look at the body that is stored with a document; reqctl retry JOB --reason expectation, or "
                "correct "
                "expect.match in a new job" },
        [REASON_BAD_BODY] = { "bad_body", "the body is not what result.parse says",
                "look at the body that is stored with a document; --parse text in a new job takes any text" },
        [REASON_TOO_LARGE] = { "too_large", "the body is larger than result.max_bytes",
                "raise --max-bytes in a new job" },
        [REASON_TIMEOUT] = { "timeout", "a time limit ran out",
                "reqctl retry JOB --reason timeout, then reqctl set JOB timeout= to a longer time or "
                "concurrency= to "
                "fewer at once" },
        [REASON_CONNECT] = { "connect", "refused, unreachable, or closed before the whole answer was there",
                "see whether the host answers, then reqctl retry JOB --reason connect; with fewer at once, "
                "if it "
                "closes under load" },
        [REASON_DNS] = { "dns", "the host's name could not be resolved",
                "check the name and this machine's resolver, then reqctl retry JOB --reason dns" },
        [REASON_TLS] = { "tls", "the secure connection could not be made",
                "the error says what is wrong with the certificate; CAFile= in reqd.conf names another "
                "authority; "
                "then reqctl retry JOB --reason tls" },
        [REASON_PROTOCOL] = { "protocol",
                "what came is not HTTP, or its framing or headers are broken or endless",
                "ask whoever runs the API; then reqctl retry JOB --reason protocol" },
        [REASON_REDIRECT] = { "redirect", "too many redirects, or one to a place that is not followed",
                "raise --redirects, or write the URL that is meant, in a new job" },
        [REASON_DENIED_ADDRESS] = { "denied_address",
                "the address is not public and AllowAddress= does not name it",
                "if it is meant, name it by AllowAddress= in reqd.conf, reload reqd, then reqctl retry JOB "
                "--reason "
                "denied_address" },
        [REASON_TEMPLATE] = { "template", "the document lacks what the request's templates need",
                "complete the documents, then reqctl retry JOB --reason template" },
        [REASON_BAD_URL] = { "bad_url", "the expanded URL is not an http or https URL with a host",
                "correct the documents, then reqctl retry JOB --reason bad_url; or correct --url in a new "
                "job" },
        [REASON_STORE_REFUSED] = { "store_refused", "the store would not take this answer",
                "keep less of it: a lower --max-bytes in a new job" },
};

const char *reason_remedy(FailureReason reason) {
        return reasons[reason].remedy;
}

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
