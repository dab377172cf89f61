/* Reads templates: URI Templates up to level 2, and the plain {path} of headers. */

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/utf8.h"
#include "daemon/spec/template_text.h"

#define SUPPORTED "write {name}, {+name} or {#name}"
#define CREDENTIAL "${credential:"

typedef struct Source Source;

struct Source {
        const char *text;
        const char *where;
        UserError *error;
};

static int add_segment(TemplateText *text, SegmentKind kind, Segment **ret_segment) {
        Segment *segments = reallocarray(text->segments, text->n + 1, sizeof(*segments));

        if (!segments)
                return -ENOMEM;

        text->segments = segments;
        segments[text->n] = (Segment) { .kind = kind };
        *ret_segment = &segments[text->n++];
        return 0;
}

/* Goes on with the literal before, if there is one. */
static int add_literal(TemplateText *text, const char *literal, size_t len, UriKeep keep) {
        Segment *segment = text->n ? &text->segments[text->n - 1] : NULL;
        int r;

        if (!segment || segment->kind != SEGMENT_LITERAL) {
                r = add_segment(text, SEGMENT_LITERAL, &segment);
                if (r)
                        return r;
        }

        if (keep)
                uri_text_append_encoded(&segment->literal, literal, len, keep);
        else
                uri_text_append(&segment->literal, literal, len);

        return segment->literal.failed ? -ENOMEM : 0;
}

int template_text_add_literal(TemplateText *text, const char *literal, UriKeep keep) {
        return add_literal(text, literal, strlen(literal), keep);
}

/* ASCII only, whatever the locale says. */
static bool is_name_char(const char *p) {
        return ((unsigned char)*p < 0x80 && isalnum((unsigned char)*p)) || *p == '_' || uri_triplet(p) > 0;
}

/* The length of the name at @text: letters, digits, "_" and triplets, with single dots inside. */
static size_t name_span(const char *text) {
        const char *p = text;

        while (is_name_char(p) || (*p == '.' && p > text && is_name_char(p + 1)))
                p += *p == '%' ? 3 : 1;

        return (size_t)(p - text);
}

/* One key of a path, its triplets decoded. */
static char *decode_key(const char *text, size_t len) {
        char *key = malloc(len + 1), *out = key;

        for (size_t i = 0; key && i < len; i++) {
                int decoded = uri_triplet(text + i);

                *out++ = decoded < 0 ? text[i] : (char)decoded;
                if (decoded >= 0)
                        i += 2;
        }

        if (key)
                *out = '\0';
        return key;
}

static int add_keys(Segment *segment) {
        const char *p = segment->name;

        for (;;) {
                size_t len = strcspn(p, ".");
                _cleanup_free_ char *key = decode_key(p, len);
                int r;

                if (!key)
                        return -ENOMEM;

                r = string_list_add(&segment->path, key);
                if (r || !p[len])
                        return r;
                p += len + 1;
        }
}

static int add_variable(
        TemplateText *text, SegmentKind kind, const char *name, size_t len, const Source *source) {
        Segment *segment;
        int r;

        r = add_segment(text, kind, &segment);
        if (r)
                return r;

        segment->name = strndup(name, len);
        if (!segment->name)
                return -ENOMEM;

        r = add_keys(segment);
        if (r)
                return r;

        for (size_t i = 0; i < segment->path.n; i++) {
                const char *key = segment->path.items[i];

                if (utf8_span(key, strlen(key)) != strlen(key))
                        return user_error_set(source->error, source->where, "write the bytes of UTF-8",
                                "column %td: no field has this name", name - source->text + 1);
        }

        return 0;
}

/* The character at @p as it can stand in a name; @text has 16 bytes. */
static char *format_triplets(const char *p, char *text) {
        char *out = text;

        do
                out += sprintf(out, "%%%02X", (unsigned char)*p++);
        while (((unsigned char)*p & 0xc0) == 0x80 && out - text < 12);

        return text;
}

/* What stands at @p, behind the "{" at @brace and perhaps a name, is neither a name nor its end. */
static int refuse_expression(const Source *source, const char *brace, const char *p) {
        ptrdiff_t column = brace - source->text + 1;
        char triplets[16], hint[64];

        if (*p == '\0')
                return user_error_set(source->error, source->where, "close it, or write %7B for a brace",
                        "column %td: this { is not closed", column);

        if (*p == '}')
                return user_error_set(
                        source->error, source->where, SUPPORTED, "column %td: {} names no field", column);

        if (strchr(",:*", *p) || (p == brace + 1 && strchr("./;?&=!@|", *p)))
                return user_error_set(source->error, source->where, SUPPORTED,
                        "column %td: \"%c\" is not supported in a template", p - source->text + 1, *p);

        snprintf(hint, sizeof(hint), "write %s for it", format_triplets(p, triplets));
        return user_error_set(source->error, source->where, *p == '.' || *p == '%' ? SUPPORTED : hint,
                "column %td: this cannot stand in a name", p - source->text + 1);
}

/* The expression at @brace; @ret_end is behind it. */
static int add_expression(TemplateText *text, const Source *source, const char *brace, const char **ret_end) {
        SegmentKind kind = brace[1] == '+'   ? SEGMENT_RESERVED
                           : brace[1] == '#' ? SEGMENT_FRAGMENT
                                             : SEGMENT_VALUE;
        const char *name = brace + (kind == SEGMENT_VALUE ? 1 : 2);
        size_t len = name_span(name);

        if (len == 0 || name[len] != '}')
                return refuse_expression(source, brace, name + len);

        *ret_end = name + len + 1;
        return add_variable(text, kind, name, len, source);
}

static int refuse_credential(const Source *source) {
        const char *credential = strstr(source->text, CREDENTIAL);

        if (!credential)
                return 0;

        return user_error_set(source->error, source->where, NULL,
                "column %td: ${credential:...} is not supported yet", credential - source->text + 1);
}

int template_text_add_uri(
        TemplateText *text, const char *source_text, UriKeep keep, const char *where, UserError *error) {
        Source source = { source_text, where, error };
        const char *p = source_text;
        int r;

        r = refuse_credential(&source);

        while (!r && *p) {
                size_t len = strcspn(p, "{}");

                if (len > 0) {
                        r = add_literal(text, p, len, keep);
                        p += len;
                } else if (*p == '{') {
                        r = add_expression(text, &source, p, &p);
                } else {
                        r = user_error_set(error, where, "write %7D for a brace",
                                "column %td: this } closes nothing", p - source_text + 1);
                }
        }

        return r;
}

int template_text_add_plain(
        TemplateText *text, const char *source_text, const char *where, UserError *error) {
        Source source = { source_text, where, error };
        const char *p = source_text;
        int r;

        r = refuse_credential(&source);

        while (!r && *p) {
                size_t len = strcspn(p, "{"), name_len = p[len] ? name_span(p + len + 1) : 0;

                if (len > 0) {
                        r = add_literal(text, p, len, 0);
                        p += len;
                } else if (name_len > 0 && p[1 + name_len] == '}') {
                        r = add_variable(text, SEGMENT_PLAIN, p + 1, name_len, &source);
                        p += name_len + 2;
                } else {
                        r = add_literal(text, "{", 1, 0);
                        p += p[1] == '{' ? 2 : 1;
                }
        }

        return r;
}

void template_text_deinit(TemplateText *text) {
        for (size_t i = 0; i < text->n; i++) {
                free(text->segments[i].literal.data);
                free(text->segments[i].name);
                string_list_deinit(&text->segments[i].path);
        }

        free(text->segments);
        *text = (TemplateText) {};
}
