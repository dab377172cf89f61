/* The texts of a job's requests: URL, query and headers, compiled together and filled from one document. */

#include "daemon/spec/template.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/spec/template_text.h"

#define WHERE_SIZE 192 /* of `request.headers.NAME` in an error; longer ones are cut */

struct RequestTemplate {
        TemplateText url;
        TemplateText query; /* from the first key on, without "?" */
        TemplateText *headers;
        size_t n_headers;
        StringList fields;
        bool whole; /* a field that cannot be projected */
};

static int add_query(RequestTemplate *template, const StringList *query, UserError *error) {
        for (size_t i = 0; i < query->n; i++) {
                const char *key = query->items[i];
                char where[WHERE_SIZE];
                int r;

                snprintf(where, sizeof(where), "request.query.%s", key);

                r = i > 0 ? template_text_add_literal(&template->query, "&", 0) : 0;
                if (!r)
                        r = template_text_add_literal(&template->query, key, URI_KEEP_KEY);
                if (!r)
                        r = template_text_add_literal(&template->query, "=", 0);
                if (!r)
                        r = template_text_add_uri(&template->query, string_map_value(key),
                                URI_KEEP_QUERY | URI_KEEP_TRIPLETS, where, error);
                if (r)
                        return r;
        }

        return 0;
}

static bool is_token(const char *name) {
        static const char tchar[] = "!#$%&'*+-.^_`|~0123456789"
                                    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

        return *name && name[strspn(name, tchar)] == '\0';
}

static int check_header(const StringList *headers, size_t i, const char *where, UserError *error) {
        const char *name = headers->items[i];

        if (!is_token(name))
                return user_error_set(error, where, "letters, digits and dashes",
                        "\"%.60s\" cannot be a header's name", name);

        for (size_t k = 0; k < i; k++)
                if (strcasecmp(headers->items[k], name) == 0)
                        return user_error_set(error, where, "write it once",
                                "this header is there already, as %s", headers->items[k]);

        if (strpbrk(string_map_value(name), "\r\n"))
                return user_error_set(error, where, NULL, "there is a line break in this header");

        return 0;
}

static int add_header(TemplateText *header, const char *item, const char *where, UserError *error) {
        int r;

        r = template_text_add_literal(header, item, 0);
        if (!r)
                r = template_text_add_literal(header, ": ", 0);

        return r ? r : template_text_add_plain(header, string_map_value(item), where, error);
}

static int add_headers(RequestTemplate *template, const StringList *headers, UserError *error) {
        template->headers = calloc(headers->n + 1, sizeof(*template->headers));
        if (!template->headers)
                return -ENOMEM;

        for (size_t i = 0; i < headers->n; i++) {
                char where[WHERE_SIZE];
                int r;

                snprintf(where, sizeof(where), "request.headers.%s", headers->items[i]);

                r = check_header(headers, i, where, error);
                if (!r)
                        r = add_header(
                                &template->headers[template->n_headers++], headers->items[i], where, error);
                if (r)
                        return r;
        }

        return 0;
}

static int add_field(RequestTemplate *template, const char *name) {
        if (strcmp(name, "_id") == 0)
                return 0;

        if (strchr(name, '.') || *name == '$')
                template->whole = true;

        for (size_t i = 0; i < template->fields.n; i++)
                if (strcmp(template->fields.items[i], name) == 0)
                        return 0;

        return string_list_add(&template->fields, name);
}

static int add_fields(RequestTemplate *template, const TemplateText *text) {
        for (size_t i = 0; i < text->n; i++) {
                const Segment *segment = &text->segments[i];
                int r;

                r = segment->path.n ? add_field(template, segment->path.items[0]) : 0;
                if (r)
                        return r;
        }

        return 0;
}

static int collect_fields(RequestTemplate *template) {
        int r;

        r = add_fields(template, &template->url);
        if (!r)
                r = add_fields(template, &template->query);
        for (size_t i = 0; !r && i < template->n_headers; i++)
                r = add_fields(template, &template->headers[i]);

        return r;
}

int request_template_new(const char *url, const StringList *query, const StringList *headers,
        RequestTemplate **ret_template, UserError *error) {
        _cleanup_(request_template_freep) RequestTemplate *template = NULL;
        int r;

        template = calloc(1, sizeof(*template));
        if (!template)
                return -ENOMEM;

        r = template_text_add_uri(&template->url, url,
                URI_KEEP_UNRESERVED | URI_KEEP_RESERVED | URI_KEEP_TRIPLETS, "request.url", error);
        if (!r)
                r = add_query(template, query, error);
        if (!r)
                r = add_headers(template, headers, error);
        if (!r)
                r = collect_fields(template);
        if (r)
                return r;

        *ret_template = TAKE_PTR(template);
        return 0;
}

RequestTemplate *request_template_free(RequestTemplate *template) {
        if (!template)
                return NULL;

        template_text_deinit(&template->url);
        template_text_deinit(&template->query);
        for (size_t i = 0; i < template->n_headers; i++)
                template_text_deinit(&template->headers[i]);

        free(template->headers);
        string_list_deinit(&template->fields);
        free(template);
        return NULL;
}

const char *const *request_template_fields(const RequestTemplate *template) {
        static const char *const none[] = { NULL };

        if (template->whole)
                return NULL;

        return template->fields.n ? (const char *const *)template->fields.items : none;
}

/*
 * Where the query goes is known only now: the document's part of the URL may have brought a "?" or a
 * fragment, which is cut off here and given back in @ret_fragment, to be freed.
 */
static void open_query(UriText *url, char **ret_fragment) {
        char *fragment = memchr(url->data, '#', url->len);
        char *mark;

        if (fragment) {
                *ret_fragment = strdup(fragment);
                url->failed = !*ret_fragment;
                url->len = (size_t)(fragment - url->data);
        }

        mark = memchr(url->data, '?', url->len);
        if (!mark)
                uri_text_append(url, "?", 1);
        else if (url->data[url->len - 1] != '?' && url->data[url->len - 1] != '&')
                uri_text_append(url, "&", 1);
}

static int expand_url(
        const RequestTemplate *template, const bson_t *document, UriText *url, UserError *error) {
        _cleanup_free_ char *fragment = NULL;
        int r;

        uri_text_append(url, "", 0); /* an empty URL is a text as well */

        r = template_text_expand(&template->url, document, url, error);
        if (r || url->failed || template->query.n == 0)
                return r;

        open_query(url, &fragment);

        r = template_text_expand(&template->query, document, url, error);
        if (!r && fragment)
                uri_text_append(url, fragment, strlen(fragment));
        return r;
}

static int expand_headers(
        const RequestTemplate *template, const bson_t *document, RequestTexts *texts, UserError *error) {
        if (template->n_headers == 0)
                return 0;

        texts->headers = calloc(template->n_headers + 1, sizeof(*texts->headers));
        if (!texts->headers)
                return -ENOMEM;

        for (size_t i = 0; i < template->n_headers; i++) {
                UriText line = {};
                int r;

                r = template_text_expand(&template->headers[i], document, &line, error);
                texts->headers[i] = line.data;
                if (r || line.failed)
                        return r ? r : -ENOMEM;
        }

        return 0;
}

int request_template_expand(
        const RequestTemplate *template, const bson_t *document, RequestTexts *ret_texts, UserError *error) {
        _cleanup_(request_texts_deinit) RequestTexts texts = {};
        UriText url = {};
        int r;

        r = expand_url(template, document, &url, error);
        texts.url = url.data;
        if (!r && url.failed)
                r = -ENOMEM;
        if (!r)
                r = expand_headers(template, document, &texts, error);
        if (r)
                return r;

        *ret_texts = texts;
        texts = (RequestTexts) {};
        return 0;
}

void request_texts_deinit(RequestTexts *texts) {
        for (char **line = texts->headers; line && *line; line++)
                free(*line);

        free(texts->headers);
        free(texts->url);
        *texts = (RequestTexts) {};
}
