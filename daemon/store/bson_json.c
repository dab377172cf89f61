/* Documents as relaxed Extended JSON. */

#include "daemon/store/bson_json.h"

#include <math.h>
#include <string.h>

#include "common/timeutil.h"

#define YEAR_10000_MS INT64_C(253402300800000)

static void write_members(bson_iter_t *iter, bool keys, JsonWriter *writer);

/* Types that are rare, or whose text has rules of its own: libbson writes them, in a document of one element. */
static void write_other(const bson_iter_t *iter, JsonWriter *writer) {
        bson_t single = BSON_INITIALIZER;
        char *text, *from, *to;

        bson_append_iter(&single, "v", 1, iter);
        text = bson_as_relaxed_extended_json(&single, NULL);
        bson_destroy(&single);

        from = text ? strchr(text, ':') : NULL;
        to = text ? strrchr(text, '}') : NULL;
        if (from && to && from < to)
                json_put_raw(writer, from + 1, (size_t)(to - from - 1));
        else
                json_put_null(writer);
        bson_free(text);
}

static void write_double(const bson_iter_t *iter, JsonWriter *writer) {
        double value = bson_iter_double(iter);
        char text[40];

        if (!isfinite(value)) {
                write_other(iter, writer); /* {"$numberDouble": "NaN"} */
                return;
        }

        json_format_double(value, text);
        if (!strpbrk(text, ".e"))
                strcat(text, ".0"); /* or it would be read back as an integer */
        json_put_raw(writer, text, strlen(text));
}

static void write_oid(const bson_iter_t *iter, JsonWriter *writer) {
        char hex[25];

        bson_oid_to_string(bson_iter_oid(iter), hex);
        json_open_object(writer);
        json_member_string(writer, "$oid", hex);
        json_close_object(writer);
}

/* As text only in the years that RFC 3339 can say without doubt. */
static void write_date(const bson_iter_t *iter, JsonWriter *writer) {
        int64_t ms = bson_iter_date_time(iter);
        char text[TIME_RFC3339_SIZE];

        if (ms < 0 || ms > YEAR_10000_MS - 1) {
                write_other(iter, writer);
                return;
        }

        json_open_object(writer);
        json_member_string(writer, "$date", time_format_rfc3339(ms, text));
        json_close_object(writer);
}

static void write_child(const bson_iter_t *iter, bool object, JsonWriter *writer) {
        bson_iter_t child;

        if (object)
                json_open_object(writer);
        else
                json_open_array(writer);
        if (bson_iter_recurse(iter, &child))
                write_members(&child, object, writer);
        if (object)
                json_close_object(writer);
        else
                json_close_array(writer);
}

static void write_value(const bson_iter_t *iter, JsonWriter *writer) {
        const char *text;
        uint32_t len;

        switch (bson_iter_type(iter)) {
        case BSON_TYPE_UTF8:
                text = bson_iter_utf8(iter, &len);
                json_put_string_n(writer, text, len);
                break;
        case BSON_TYPE_INT32:
        case BSON_TYPE_INT64:
                json_put_int(writer, bson_iter_as_int64(iter));
                break;
        case BSON_TYPE_DOUBLE:
                write_double(iter, writer);
                break;
        case BSON_TYPE_BOOL:
                json_put_bool(writer, bson_iter_bool(iter));
                break;
        case BSON_TYPE_NULL:
                json_put_null(writer);
                break;
        case BSON_TYPE_OID:
                write_oid(iter, writer);
                break;
        case BSON_TYPE_DATE_TIME:
                write_date(iter, writer);
                break;
        case BSON_TYPE_DOCUMENT:
                write_child(iter, true, writer);
                break;
        case BSON_TYPE_ARRAY:
                write_child(iter, false, writer);
                break;
        default:
                write_other(iter, writer);
        }
}

static void write_members(bson_iter_t *iter, bool keys, JsonWriter *writer) {
        while (bson_iter_next(iter)) {
                if (keys)
                        json_key(writer, bson_iter_key(iter));
                write_value(iter, writer);
        }
}

void bson_write_json(const bson_t *document, JsonWriter *writer) {
        bson_iter_t iter;

        json_open_object(writer);
        if (bson_iter_init(&iter, document))
                write_members(&iter, true, writer);
        json_close_object(writer);
}
