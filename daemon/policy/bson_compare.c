/* BSON's order of values, for the stores and filters that no server evaluates. */

#include "daemon/policy/bson_compare.h"

#include <math.h>
#include <string.h>

#include "common/alloc.h"
#include "daemon/policy/bson_number.h"

#define COMPARE(_a, _b) (((_a) > (_b)) - ((_a) < (_b)))

int bson_compare_bracket(bson_type_t type) {
        static const unsigned char brackets[] = {
                [BSON_TYPE_UNDEFINED] = 1,
                [BSON_TYPE_NULL] = 2,
                [BSON_TYPE_INT32] = 3,
                [BSON_TYPE_INT64] = 3,
                [BSON_TYPE_DOUBLE] = 3,
                [BSON_TYPE_DECIMAL128] = 3,
                [BSON_TYPE_UTF8] = 4,
                [BSON_TYPE_SYMBOL] = 4,
                [BSON_TYPE_DOCUMENT] = 5,
                [BSON_TYPE_ARRAY] = 6,
                [BSON_TYPE_BINARY] = 7,
                [BSON_TYPE_OID] = 8,
                [BSON_TYPE_BOOL] = 9,
                [BSON_TYPE_DATE_TIME] = 10,
                [BSON_TYPE_TIMESTAMP] = 11,
                [BSON_TYPE_REGEX] = 12,
                [BSON_TYPE_DBPOINTER] = 13,
                [BSON_TYPE_CODE] = 14,
                [BSON_TYPE_CODEWSCOPE] = 15,
        };

        if (type == BSON_TYPE_MINKEY)
                return 0;

        return type < ELEMENTSOF(brackets) ? brackets[type] : 16; /* MaxKey, above all */
}

static int compare_bytes(const void *a, size_t a_len, const void *b, size_t b_len) {
        size_t n = a_len < b_len ? a_len : b_len;
        int r = n > 0 ? memcmp(a, b, n) : 0;

        return r != 0 ? r : COMPARE(a_len, b_len);
}

static int compare_texts(const char *a, const char *b) {
        return compare_bytes(a, strlen(a), b, strlen(b));
}

static int64_t integer_of(const bson_value_t *value) {
        return value->value_type == BSON_TYPE_INT32 ? value->value.v_int32 : value->value.v_int64;
}

static int compare_doubles(double a, double b) {
        if (isnan(a) || isnan(b))
                return COMPARE(!isnan(a), !isnan(b));

        return COMPARE(a, b);
}

static int compare_numbers(const bson_value_t *a, const bson_value_t *b) {
        bool a_is_double = a->value_type == BSON_TYPE_DOUBLE, b_is_double = b->value_type == BSON_TYPE_DOUBLE;
        bool decimal = a->value_type == BSON_TYPE_DECIMAL128 || b->value_type == BSON_TYPE_DECIMAL128;
        BsonNumber a_number, b_number;

        if (!decimal && a_is_double && b_is_double)
                return compare_doubles(a->value.v_double, b->value.v_double);
        if (!decimal && !a_is_double && !b_is_double)
                return COMPARE(integer_of(a), integer_of(b));

        /* Types are mixed: neither one's arithmetic holds all values of the other. */
        bson_number_read(a, &a_number);
        bson_number_read(b, &b_number);
        return bson_number_compare(&a_number, &b_number);
}

static int compare_strings(const bson_value_t *a, const bson_value_t *b) {
        const char *texts[2];
        size_t lens[2];

        for (int i = 0; i < 2; i++) {
                const bson_value_t *value = i == 0 ? a : b;
                bool symbol = value->value_type == BSON_TYPE_SYMBOL;

                texts[i] = symbol ? value->value.v_symbol.symbol : value->value.v_utf8.str;
                lens[i] = symbol ? value->value.v_symbol.len : value->value.v_utf8.len;
        }

        return compare_bytes(texts[0], lens[0], texts[1], lens[1]);
}

static int compare_binaries(const bson_value_t *a, const bson_value_t *b) {
        uint32_t a_len = a->value.v_binary.data_len, b_len = b->value.v_binary.data_len;

        if (a_len != b_len)
                return COMPARE(a_len, b_len);
        if (a->value.v_binary.subtype != b->value.v_binary.subtype)
                return COMPARE(a->value.v_binary.subtype, b->value.v_binary.subtype);

        return compare_bytes(a->value.v_binary.data, a_len, b->value.v_binary.data, b_len);
}

/* Elements one by one: first the bracket, then the name (which arrays share), then the value. */
static int compare_elements(bson_iter_t *a, bson_iter_t *b) {
        for (;;) {
                bool a_more = bson_iter_next(a), b_more = bson_iter_next(b);
                int r;

                if (!a_more || !b_more)
                        return COMPARE(a_more, b_more);

                r = COMPARE(bson_compare_bracket(bson_iter_type(a)), bson_compare_bracket(bson_iter_type(b)));
                if (r == 0)
                        r = compare_texts(bson_iter_key(a), bson_iter_key(b));
                if (r == 0)
                        r = bson_compare_values(bson_iter_value(a), bson_iter_value(b));
                if (r != 0)
                        return r;
        }
}

static int compare_nested(const bson_value_t *a, const bson_value_t *b) {
        bson_iter_t a_iter, b_iter;

        if (!bson_iter_init_from_data(&a_iter, a->value.v_doc.data, a->value.v_doc.data_len) ||
                !bson_iter_init_from_data(&b_iter, b->value.v_doc.data, b->value.v_doc.data_len))
                return 0;

        return compare_elements(&a_iter, &b_iter);
}

static int compare_timestamps(const bson_value_t *a, const bson_value_t *b) {
        int r = COMPARE(a->value.v_timestamp.timestamp, b->value.v_timestamp.timestamp);

        return r != 0 ? r : COMPARE(a->value.v_timestamp.increment, b->value.v_timestamp.increment);
}

static int compare_regexes(const bson_value_t *a, const bson_value_t *b) {
        int r = compare_texts(a->value.v_regex.regex, b->value.v_regex.regex);

        return r != 0 ? r : compare_texts(a->value.v_regex.options, b->value.v_regex.options);
}

/* The deprecated types: code, with and without its scope, and database pointers. */
static int compare_rare(const bson_value_t *a, const bson_value_t *b) {
        int r;

        if (a->value_type == BSON_TYPE_CODE)
                return compare_bytes(a->value.v_code.code, a->value.v_code.code_len, b->value.v_code.code,
                        b->value.v_code.code_len);

        if (a->value_type == BSON_TYPE_CODEWSCOPE) {
                r = compare_bytes(a->value.v_codewscope.code, a->value.v_codewscope.code_len,
                        b->value.v_codewscope.code, b->value.v_codewscope.code_len);
                return r != 0 ? r
                              : compare_bytes(a->value.v_codewscope.scope_data,
                                        a->value.v_codewscope.scope_len, b->value.v_codewscope.scope_data,
                                        b->value.v_codewscope.scope_len);
        }

        if (a->value_type == BSON_TYPE_DBPOINTER) {
                r = compare_bytes(a->value.v_dbpointer.collection, a->value.v_dbpointer.collection_len,
                        b->value.v_dbpointer.collection, b->value.v_dbpointer.collection_len);
                return r != 0 ? r : bson_oid_compare(&a->value.v_dbpointer.oid, &b->value.v_dbpointer.oid);
        }

        return 0; /* null, undefined, MinKey, MaxKey: all alike */
}

int bson_compare_values(const bson_value_t *a, const bson_value_t *b) {
        int r = COMPARE(bson_compare_bracket(a->value_type), bson_compare_bracket(b->value_type));

        if (r != 0)
                return r;
        if (bson_number_is(a->value_type))
                return compare_numbers(a, b);

        switch (a->value_type) {
        case BSON_TYPE_UTF8:
        case BSON_TYPE_SYMBOL:
                return compare_strings(a, b);
        case BSON_TYPE_DOCUMENT:
        case BSON_TYPE_ARRAY:
                return compare_nested(a, b);
        case BSON_TYPE_BINARY:
                return compare_binaries(a, b);
        case BSON_TYPE_OID:
                return bson_oid_compare(&a->value.v_oid, &b->value.v_oid);
        case BSON_TYPE_BOOL:
                return COMPARE(a->value.v_bool, b->value.v_bool);
        case BSON_TYPE_DATE_TIME:
                return COMPARE(a->value.v_datetime, b->value.v_datetime);
        case BSON_TYPE_TIMESTAMP:
                return compare_timestamps(a, b);
        case BSON_TYPE_REGEX:
                return compare_regexes(a, b);
        default:
                return compare_rare(a, b);
        }
}
