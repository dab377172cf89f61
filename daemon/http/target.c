/* What a URL by itself says about the address behind it. */

#include "daemon/http/target.h"

#include <curl/curl.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

#include "common/alloc.h"

static inline void curl_url_cleanupp(CURLU **parser) {
        curl_url_cleanup(*parser);
}

static inline void curl_freep(char **string) {
        curl_free(*string);
}

/* "[::1]" is "::1" wherever an address is parsed. */
static void strip_brackets(char *host) {
        size_t len = strlen(host);

        if (host[0] != '[' || len < 2)
                return;

        memmove(host, host + 1, len - 2);
        host[len - 2] = '\0';
}

bool target_denied(const Egress *egress, const char *url) {
        const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM };
        _cleanup_(curl_url_cleanupp) CURLU *parser = curl_url();
        _cleanup_(curl_freep) char *host = NULL;
        struct addrinfo *found;
        bool denied;

        if (!parser || curl_url_set(parser, CURLUPART_URL, url, 0) ||
                curl_url_get(parser, CURLUPART_HOST, &host, CURLU_PUNYCODE))
                return true;

        strip_brackets(host);
        if (getaddrinfo(host, NULL, &hints, &found)) /* never a lookup: AI_NUMERICHOST */
                return false;

        denied = !egress_allows(egress, found->ai_addr);
        freeaddrinfo(found);
        return denied;
}
