/*
 * Templates, and documents to expand them with. The input is a URL template, a query's value, a header's value
 * and a value of the document, each on a line.
 */

#include <bson/bson.h>
#include <string.h>

#include "daemon/spec/template.h"
#include "tests/fuzz/fuzz.h"

#define LINES 4

/* The input's lines as strings; what has a NUL in it is cut off there. */
static void split(const uint8_t *data, size_t size, char *lines[LINES]) {
        const char *at = (const char *)data, *end = at + size;

        for (size_t i = 0; i < LINES; i++) {
                const char *stop = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;

                if (!stop)
                        stop = end;
                lines[i] = strndup(at, (size_t)(stop - at));
                at = stop < end ? stop + 1 : end;
        }
}

static void expand(const RequestTemplate *template, const char *value) {
        _cleanup_(user_error_deinit) UserError error = {};
        bson_t document = BSON_INITIALIZER, inner;
        RequestTexts texts = {};
        int r;

        BSON_APPEND_INT32(&document, "_id", 1);
        BSON_APPEND_UTF8(&document, "a", value);
        BSON_APPEND_DOUBLE(&document, "n", 0.1);
        BSON_APPEND_DOCUMENT_BEGIN(&document, "o", &inner);
        BSON_APPEND_UTF8(&inner, "b", value);
        bson_append_document_end(&document, &inner);

        r = request_template_expand(template, &document, &texts, &error);
        PROMISE(r == 0 || error.message);
        if (r == 0) {
                for (const char *c = texts.url; *c; c++)
                        PROMISE((unsigned char)*c > ' ' && *c != '\x7f');
                for (char **header = texts.headers; header && *header; header++)
                        PROMISE(!strpbrk(*header, "\r\n"));
                request_texts_deinit(&texts);
        }
        bson_destroy(&document);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(user_error_deinit) UserError error = {};
        _cleanup_(request_template_freep) RequestTemplate *template = NULL;
        StringList query = {}, headers = {};
        char *lines[LINES];

        split(data, size, lines);
        string_map_add(&query, "q", lines[1]);
        string_map_add(&headers, "X-Test", lines[2]);
        if (request_template_new(lines[0], &query, &headers, &template, &error))
                PROMISE(error.message);
        else if (bson_utf8_validate(lines[3], strlen(lines[3]), false))
                expand(template, lines[3]);

        string_list_deinit(&query);
        string_list_deinit(&headers);
        for (size_t i = 0; i < LINES; i++)
                free(lines[i]);
        return 0;
}
