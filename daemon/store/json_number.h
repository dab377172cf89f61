#pragma once

#include <bson/bson.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Which BSON number holds the text of a JSON number without changing its value: int32, int64, the double
 * whose shortest text has the same value, else decimal128. Pure, any thread, independent of the locale.
 */

typedef struct JsonNumber JsonNumber;

typedef enum JsonNumberKind {
        JSON_NUMBER_NONE, /* no BSON number has this value: over 34 digits, or out of decimal128's range */
        JSON_NUMBER_INT32,
        JSON_NUMBER_INT64,
        JSON_NUMBER_DOUBLE,
        JSON_NUMBER_DECIMAL128,
} JsonNumberKind;

struct JsonNumber {
        JsonNumberKind kind;
        int64_t integer; /* JSON_NUMBER_INT32 and JSON_NUMBER_INT64 */
        double real;
        bson_decimal128_t decimal;
};

/*
 * @text: a number as RFC 8259 writes it; the parser has seen to that. What has a fraction, an exponent
 * or a negative zero never becomes an integer.
 */
JsonNumber json_number_read(const char *text, size_t len);

/* Whether json_number_read() finds a kind; usually told without conversion. */
bool json_number_fits(const char *text, size_t len);
