/* The URL of the proxy that all requests go through. */

#include "daemon/http/proxy.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#define HINT "http:// or https://, a host and a port, such as http://proxy.example.com:3128"

typedef struct ProxyParts ProxyParts;

struct ProxyParts {
        CURLU *url;
        char *scheme;
        char *host; /* an IPv6 address in brackets */
        char *port;
        char *path;
        char *query;
        char *fragment;
};

static void proxy_parts_deinit(ProxyParts *parts) {
        curl_free(parts->scheme);
        curl_free(parts->host);
        curl_free(parts->port);
        curl_free(parts->path);
        curl_free(parts->query);
        curl_free(parts->fragment);
        curl_url_cleanup(parts->url);
}

static int refuse(UserError *error, const char *why) {
        return user_error_set(error, NULL, HINT, "the proxy's URL is not usable: %s", why);
}

/*
 * curl would take 1080 for the port of an http proxy, one without a scheme for that, and one slash for two, where
 * nobody would find the password to hide it: nothing is guessed.
 */
static int check(const char *url, ProxyParts *parts, UserError *error) {
        curl_url_get(parts->url, CURLUPART_SCHEME, &parts->scheme, 0);
        curl_url_get(parts->url, CURLUPART_HOST, &parts->host, 0);
        curl_url_get(parts->url, CURLUPART_PORT, &parts->port, 0);
        curl_url_get(parts->url, CURLUPART_PATH, &parts->path, 0);
        curl_url_get(parts->url, CURLUPART_QUERY, &parts->query, 0);
        curl_url_get(parts->url, CURLUPART_FRAGMENT, &parts->fragment, 0);

        if (!parts->scheme || (strcmp(parts->scheme, "http") != 0 && strcmp(parts->scheme, "https") != 0))
                return refuse(error, "its scheme is neither http nor https");
        if (strncmp(url + strlen(parts->scheme), "://", strlen("://")) != 0)
                return refuse(error, "no // follows its scheme");
        if (!parts->host || !*parts->host)
                return refuse(error, "it has no host");
        if (!parts->port || strcmp(parts->port, "0") == 0)
                return refuse(error, "it has no port");
        if ((parts->path && strcmp(parts->path, "/") != 0) || parts->query || parts->fragment)
                return refuse(error, "something follows the port");

        return 0;
}

int proxy_parse(const char *url, bool *ret_literal, UserError *error) {
        _cleanup_(proxy_parts_deinit) ProxyParts parts = { .url = curl_url() };
        struct in_addr ignored;
        CURLUcode code;
        int r;

        if (!parts.url)
                return error_trace(-ENOMEM);

        code = curl_url_set(parts.url, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME);
        if (code == CURLUE_OUT_OF_MEMORY)
                return error_trace(-ENOMEM);
        if (code)
                return refuse(error, curl_url_strerror(code));

        r = check(url, &parts, error);
        if (r)
                return r;

        *ret_literal = parts.host[0] == '[' || inet_pton(AF_INET, parts.host, &ignored) == 1;
        return 0;
}
