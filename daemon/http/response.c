/* What curl says of a transfer that has ended, as an HttpResponse. */

#include "daemon/http/response.h"

#include <string.h>

#include "common/alloc.h"

/* What a code means wherever it comes from. */
static const struct {
        CURLcode code;
        HttpResult result;
} results[] = {
        { CURLE_OPERATION_TIMEDOUT, HTTP_TIMEOUT },
        { CURLE_COULDNT_RESOLVE_HOST, HTTP_DNS },
        { CURLE_COULDNT_RESOLVE_PROXY, HTTP_DNS },
        { CURLE_COULDNT_CONNECT, HTTP_CONNECT },
        { CURLE_PROXY, HTTP_CONNECT },
        { CURLE_INTERFACE_FAILED, HTTP_CONNECT },
        { CURLE_NO_CONNECTION_AVAILABLE, HTTP_CONNECT },
        { CURLE_GOT_NOTHING, HTTP_CONNECT },
        { CURLE_PARTIAL_FILE, HTTP_CONNECT },
        { CURLE_SEND_ERROR, HTTP_CONNECT },
        { CURLE_SEND_FAIL_REWIND, HTTP_CONNECT },
        { CURLE_RECV_ERROR, HTTP_CONNECT },
        { CURLE_SSL_CONNECT_ERROR, HTTP_TLS },
        { CURLE_PEER_FAILED_VERIFICATION, HTTP_TLS },
        { CURLE_SSL_ENGINE_NOTFOUND, HTTP_TLS },
        { CURLE_SSL_ENGINE_SETFAILED, HTTP_TLS },
        { CURLE_SSL_ENGINE_INITFAILED, HTTP_TLS },
        { CURLE_SSL_CERTPROBLEM, HTTP_TLS },
        { CURLE_SSL_CIPHER, HTTP_TLS },
        { CURLE_USE_SSL_FAILED, HTTP_TLS },
        { CURLE_SSL_CACERT_BADFILE, HTTP_TLS },
        { CURLE_SSL_SHUTDOWN_FAILED, HTTP_TLS },
        { CURLE_SSL_CRL_BADFILE, HTTP_TLS },
        { CURLE_SSL_ISSUER_ERROR, HTTP_TLS },
        { CURLE_SSL_PINNEDPUBKEYNOTMATCH, HTTP_TLS },
        { CURLE_SSL_INVALIDCERTSTATUS, HTTP_TLS },
        { CURLE_SSL_CLIENTCERT, HTTP_TLS },
        { CURLE_WEIRD_SERVER_REPLY, HTTP_PROTOCOL },
        { CURLE_UNSUPPORTED_PROTOCOL, HTTP_PROTOCOL }, /* HTTP/0.9, or a version or status of no sense */
        { CURLE_HTTP2, HTTP_PROTOCOL },
        { CURLE_HTTP2_STREAM, HTTP_PROTOCOL },
        { CURLE_HTTP3, HTTP_PROTOCOL },
        { CURLE_BAD_CONTENT_ENCODING, HTTP_PROTOCOL }, /* of the transfer: it decodes no content for us */
        { CURLE_TOO_MANY_REDIRECTS, HTTP_REDIRECT },
        { CURLE_URL_MALFORMAT, HTTP_BAD_URL },
};

/* Codes that curl 7.88 uses for unlike things, which only its text tells apart. */
static const struct {
        CURLcode code;
        const char *text;
        HttpResult result;
} told_by_text[] = {
        { CURLE_RECV_ERROR, "in chunked-encoding", HTTP_PROTOCOL },
        { CURLE_RECV_ERROR, "Too large response headers", HTTP_PROTOCOL },
        { CURLE_SSL_CONNECT_ERROR, "SSL_ERROR_SYSCALL",
                HTTP_CONNECT }, /* the connection, not the handshake */
        { CURLE_SSL_CONNECT_ERROR, "unexpected eof", HTTP_CONNECT },
        { CURLE_SSL_CONNECT_ERROR, "Recv failure", HTTP_CONNECT },
        { CURLE_SSL_CONNECT_ERROR, "Send failure", HTTP_CONNECT },
};

/* Codes whose meaning depends on how far the exchange had come; false where that says nothing. */
static bool result_by_hop(CURLcode code, HttpHop hop, HttpResult *ret_result) {
        bool hopping = hop == HOP_BODY; /* the whole answer is there, so its Location is what curl disliked */
        HttpResult result;

        if (code == CURLE_OK && hop != HOP_BODY)
                result = HTTP_CONNECT; /* curl takes a connection that closes within the headers for an end */
        else if ((code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT) && hopping)
                result = HTTP_REDIRECT;
        else if (code == CURLE_OUT_OF_MEMORY && hop >= HOP_ASKED && hop <= HOP_HEADERS)
                result = HTTP_PROTOCOL; /* one header line above curl's bound of 100 KiB */
        else
                return false;

        *ret_result = result;
        return true;
}

HttpResult response_result(CURLcode code, HttpHop hop, const char *error) {
        HttpResult result;

        if (result_by_hop(code, hop, &result))
                return result;
        if (code == CURLE_OK)
                return HTTP_ANSWERED;

        for (size_t i = 0; i < ELEMENTSOF(told_by_text); i++)
                if (told_by_text[i].code == code && strstr(error, told_by_text[i].text))
                        return told_by_text[i].result;
        for (size_t i = 0; i < ELEMENTSOF(results); i++)
                if (results[i].code == code)
                        return results[i].result;

        /* Nothing known speaks against the answer, and another try is bounded and may well help. */
        return HTTP_CONNECT;
}

static uint64_t time_of(CURL *easy, CURLINFO which) {
        curl_off_t us = 0;

        curl_easy_getinfo(easy, which, &us);
        return us > 0 ? (uint64_t)us : 0;
}

static uint64_t between(uint64_t from_us, uint64_t to_us) {
        return to_us > from_us ? to_us - from_us : 0;
}

void response_times(HttpResponse *response, CURL *easy) {
        uint64_t dns_us = time_of(easy, CURLINFO_NAMELOOKUP_TIME_T);
        uint64_t connect_us = time_of(easy, CURLINFO_CONNECT_TIME_T);
        uint64_t tls_us = time_of(easy, CURLINFO_APPCONNECT_TIME_T);

        /* curl counts each from the start, so the phases are the differences. */
        response->dns_us = dns_us;
        response->connect_us = between(dns_us, connect_us);
        response->tls_us = between(connect_us, tls_us);
        response->wait_us = between(
                time_of(easy, CURLINFO_PRETRANSFER_TIME_T), time_of(easy, CURLINFO_STARTTRANSFER_TIME_T));
}

static const char *header_value(CURL *easy, const char *name) {
        struct curl_header *header;

        if (curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &header))
                return NULL;

        return header->value;
}

/* The first drafts dropped the X- that APIs had used before; whoever sends both means the same. */
static const char *value_of_either(CURL *easy, const char *name) {
        const char *value = header_value(easy, name + strlen("X-"));

        return value ? value : header_value(easy, name);
}

void response_wishes(HttpResponse *response, CURL *easy) {
        response->retry_after = header_value(easy, "Retry-After");
        response->rate_limit = header_value(easy, "RateLimit");
        response->rate_remaining = value_of_either(easy, "X-RateLimit-Remaining");
        response->rate_reset = value_of_either(easy, "X-RateLimit-Reset");
}

void response_clean_text(char *text) {
        for (char *p = text; *p; p++)
                if (*p < ' ' || *p > '~')
                        *p = '?';
}
