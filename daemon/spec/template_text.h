#pragma once

#include <bson/bson.h>

#include "common/error.h"
#include "common/option.h"
#include "daemon/spec/uri_text.h"

/*
 * One text with places that a document fills: a URL, a query, a header. Parsed once, expanded often,
 * immutable in between. Any thread.
 */

typedef struct Segment Segment;
typedef struct TemplateText TemplateText;

typedef enum SegmentKind {
        SEGMENT_LITERAL,
        SEGMENT_VALUE,    /* {name}: all but unreserved characters percent-encoded */
        SEGMENT_RESERVED, /* {+name}: reserved characters and triplets stay */
        SEGMENT_FRAGMENT, /* {#name}: the same with a # in front */
        SEGMENT_PLAIN,    /* as it is, in a header */
} SegmentKind;

struct Segment {
        SegmentKind kind;
        UriText literal;
        char *name;      /* as it was written, for errors; NULL in a literal */
        StringList path; /* keys, one in another */
};

struct TemplateText {
        Segment *segments;
        size_t n;
};

/*
 * Each appends to @text. Literal text in a URL is kept as @keep says. Return 0; -EINVAL with @error filled, a
 * column in its message; -ENOMEM.
 */
int template_text_add_uri(
        TemplateText *text, const char *source, UriKeep keep, const char *where, UserError *error);
int template_text_add_plain(TemplateText *text, const char *source, const char *where, UserError *error);

/* Literal text that is nothing else; encoded as @keep says, or 0: as it is. 0 or -ENOMEM. */
int template_text_add_literal(TemplateText *text, const char *literal, UriKeep keep);

void template_text_deinit(TemplateText *text);

/*
 * Appends the expansion for @document to @out, whose owner looks at its `failed`. Returns 0, or
 * TEMPLATE_E_UNUSABLE with @error's message filled.
 */
int template_text_expand(const TemplateText *text, const bson_t *document, UriText *out, UserError *error);
