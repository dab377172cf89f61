/* Fills templates from documents. */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "common/timeutil.h"
#include "daemon/spec/template.h"
#include "daemon/spec/template_text.h"

typedef struct Value Value;

/* A value as text, in the document or in the scratch beside it. */
struct Value {
        const char *text;
        size_t len;
        char scratch[64];
};

/* The years 1000 to 9999: those of four digits, as time_format_rfc3339() has them. */
#define DATE_MIN_MS INT64_C(-30610224000000)
#define DATE_MAX_MS INT64_C(253402300799999)

static bool find(const bson_t *document, const StringList *path, bson_iter_t *iter) {
        bson_iter_t child;

        if (!bson_iter_init(iter, document))
                return false;

        for (size_t i = 0;; i++) {
                if (!bson_iter_find(iter, path->items[i]))
                        return false;
                if (i + 1 == path->n)
                        return true;

                if (!bson_iter_recurse(iter, &child))
                        return false;
                *iter = child;
        }
}

static bool take(Value *value, const char *text, size_t len) {
        value->text = text;
        value->len = len;
        return true;
}

static bool take_scratch(Value *value) {
        return take(value, value->scratch, strlen(value->scratch));
}

static bool take_double(Value *value, double number) {
        if (!isfinite(number))
                return false;

        json_format_double(number, value->scratch);
        return take_scratch(value);
}

static bool take_date(Value *value, int64_t wall_ms) {
        if (wall_ms < DATE_MIN_MS || wall_ms > DATE_MAX_MS)
                return false;

        time_format_rfc3339(wall_ms, value->scratch);
        return take_scratch(value);
}

static bool take_decimal(Value *value, const bson_iter_t *iter) {
        bson_decimal128_t decimal;

        if (!bson_iter_decimal128(iter, &decimal))
                return false;

        bson_decimal128_to_string(&decimal, value->scratch);
        return !strpbrk(value->scratch, "Nn") && take_scratch(value); /* NaN, Infinity */
}

static bool take_string(Value *value, const bson_iter_t *iter) {
        uint32_t len;
        const char *text = bson_iter_utf8(iter, &len);

        return take(value, text, len);
}

/* False for what has no text of its own. */
static bool value_read(Value *value, const bson_iter_t *iter) {
        switch (bson_iter_type(iter)) {
        case BSON_TYPE_UTF8:
                return take_string(value, iter);
        case BSON_TYPE_OID:
                bson_oid_to_string(bson_iter_oid(iter), value->scratch);
                return take_scratch(value);
        case BSON_TYPE_INT32:
        case BSON_TYPE_INT64:
                snprintf(value->scratch, sizeof(value->scratch), "%jd", (intmax_t)bson_iter_as_int64(iter));
                return take_scratch(value);
        case BSON_TYPE_DOUBLE:
                return take_double(value, bson_iter_double(iter));
        case BSON_TYPE_DECIMAL128:
                return take_decimal(value, iter);
        case BSON_TYPE_BOOL:
                return bson_iter_bool(iter) ? take(value, "true", 4) : take(value, "false", 5);
        case BSON_TYPE_DATE_TIME:
                return take_date(value, bson_iter_date_time(iter));
        default:
                return false;
        }
}

static int refuse_value(const Segment *segment, const char *what, UserError *error) {
        (void)user_error_set(error, NULL, NULL, "the document's %s %s", segment->name, what);
        return TEMPLATE_E_UNUSABLE;
}

static int refuse_type(const Segment *segment, bson_type_t type, UserError *error) {
        switch (type) {
        case BSON_TYPE_NULL:
        case BSON_TYPE_UNDEFINED:
                return refuse_value(segment, "is null", error);
        case BSON_TYPE_DOCUMENT:
                return refuse_value(segment, "is an object", error);
        case BSON_TYPE_ARRAY:
                return refuse_value(segment, "is an array", error);
        default:
                return refuse_value(segment, "is nothing that has a text", error);
        }
}

static bool breaks_header(const Value *value) {
        return memchr(value->text, '\r', value->len) || memchr(value->text, '\n', value->len) ||
               memchr(value->text, '\0', value->len);
}

static int expand_variable(const Segment *segment, const bson_t *document, UriText *out, UserError *error) {
        Value value;
        bson_iter_t iter;

        if (!find(document, &segment->path, &iter))
                return refuse_value(segment, "is missing", error);

        if (!value_read(&value, &iter))
                return refuse_type(segment, bson_iter_type(&iter), error);

        switch (segment->kind) {
        case SEGMENT_PLAIN:
                if (breaks_header(&value))
                        return refuse_value(
                                segment, "has a line break or NUL, which no header can hold", error);
                uri_text_append(out, value.text, value.len);
                break;
        case SEGMENT_FRAGMENT:
                uri_text_append(out, "#", 1);
                /* fall through */
        case SEGMENT_RESERVED:
                uri_text_append_encoded(out, value.text, value.len,
                        URI_KEEP_UNRESERVED | URI_KEEP_RESERVED | URI_KEEP_TRIPLETS);
                break;
        default:
                uri_text_append_encoded(out, value.text, value.len, URI_KEEP_UNRESERVED);
        }

        return 0;
}

int template_text_expand(const TemplateText *text, const bson_t *document, UriText *out, UserError *error) {
        for (size_t i = 0; i < text->n; i++) {
                const Segment *segment = &text->segments[i];
                int r;

                if (segment->kind == SEGMENT_LITERAL) {
                        uri_text_append(out, segment->literal.data, segment->literal.len);
                        continue;
                }

                r = expand_variable(segment, document, out, error);
                if (r)
                        return r;
        }

        return 0;
}
