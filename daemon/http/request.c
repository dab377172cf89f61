/* An HttpRequest as options of an easy handle. */

#include "daemon/http/request.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/alloc.h"

static inline void curl_slist_freep(struct curl_slist **list) {
        curl_slist_free_all(*list);
}

bool request_is_idempotent(const char *method) {
        static const char *const idempotent[] = { "GET", "HEAD", "PUT", "DELETE", "OPTIONS" };

        for (size_t i = 0; i < ELEMENTSOF(idempotent); i++)
                if (!strcmp(method, idempotent[i]))
                        return true;

        return false;
}

/* PUT and PATCH without a body still say "Content-Length: 0", as RFC 9110, section 8.6, wants. */
static bool has_content(const HttpRequest *request) {
        static const char *const expecting[] = { "POST", "PUT", "PATCH" };

        if (!strcmp(request->method, "HEAD"))
                return false;
        for (size_t i = 0; i < ELEMENTSOF(expecting); i++)
                if (!strcmp(request->method, expecting[i]))
                        return true;

        return request->body;
}

bool request_is_custom(const HttpRequest *request) {
        if (!strcmp(request->method, "HEAD") || !strcmp(request->method, "POST"))
                return false;

        return strcmp(request->method, "GET") != 0 || request->body;
}

void request_redirect_to_get(CURL *easy) {
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, NULL);
}

static CURLcode apply_content(const HttpRequest *request, CURL *easy) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);

        return curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, request->body ? request->body : "");
}

static CURLcode apply_method(const HttpRequest *request, CURL *easy) {
        bool custom = request_is_custom(request);
        CURLcode code = CURLE_OK;

        curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
        if (!strcmp(request->method, "HEAD"))
                curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
        else if (has_content(request))
                code = apply_content(request, easy);

        /* curl sees a POST wherever there is a body, and would drop the body of a PUT after a 301 or 302. */
        curl_easy_setopt(easy, CURLOPT_POSTREDIR, custom ? CURL_REDIR_POST_301 | CURL_REDIR_POST_302 : 0L);

        return code ? code : curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, custom ? request->method : NULL);
}

static bool has_header(const HttpRequest *request, const char *name) {
        size_t len = strlen(name);

        for (const char *const *line = request->headers; line && *line; line++)
                if (!strncasecmp(*line, name, len) && (*line)[len] == ':')
                        return true;

        return false;
}

static bool names_key(const HttpRequest *request) {
        static const char name[] = "Idempotency-Key";

        for (const char *const *line = request->headers; line && *line; line++)
                if (!strncasecmp(*line, name, strlen(name)) && strchr(":;", (*line)[strlen(name)]))
                        return true;

        return false;
}

static int append(struct curl_slist **list, const char *line) {
        struct curl_slist *longer = curl_slist_append(*list, line);

        if (!longer)
                return -ENOMEM;

        *list = longer;
        return 0;
}

/* What the job file says itself goes first, be it that there is to be none. */
static int append_key(const HttpRequest *request, struct curl_slist **list) {
        _cleanup_free_ char *line = NULL;

        if (!request->idempotency_key || names_key(request))
                return 0;
        if (asprintf(&line, "Idempotency-Key: %s", request->idempotency_key) < 0)
                return -ENOMEM;

        return append(list, line);
}

static int build_headers(const HttpRequest *request, struct curl_slist **ret_headers) {
        _cleanup_(curl_slist_freep) struct curl_slist *list = NULL;
        int r = 0;

        for (const char *const *line = request->headers; !r && line && *line; line++)
                r = append(&list, *line);

        if (!r)
                r = append_key(request, &list);

        /* A line without a value takes away the header that curl would send by itself. */
        if (!r && has_content(request) && !has_header(request, "Expect"))
                r = append(&list, "Expect:"); /* above 1 MiB curl would wait a second for a 100 */
        if (!r && has_content(request) && request->body_len == 0 && !has_header(request, "Content-Type"))
                r = append(&list, "Content-Type:"); /* it would call nothing a form */
        if (r)
                return r;

        *ret_headers = TAKE_PTR(list);
        return 0;
}

int request_apply(const HttpRequest *request, CURL *easy, struct curl_slist **ret_headers) {
        struct curl_slist *headers = NULL;
        int r;

        if (curl_easy_setopt(easy, CURLOPT_URL, request->url) || apply_method(request, easy))
                return -ENOMEM;

        r = build_headers(request, &headers);
        if (r)
                return r;

        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, request->redirects > 0 ? 1L : 0L);
        curl_easy_setopt(easy, CURLOPT_MAXREDIRS, (long)request->redirects); /* curl's default has no end */

        *ret_headers = headers;
        return 0;
}

void request_forget(CURL *easy) {
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, NULL);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, NULL);
}
