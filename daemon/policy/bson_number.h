#pragma once

#include <bson/bson.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * A BSON number of any type (int32, int64, double, decimal128) as its exact decimal value, so that
 * numbers of different types can be compared, and written as keys, without rounding. Pure, any thread.
 */

typedef struct BsonNumber BsonNumber;

/* Ordered as BSON orders numbers. */
typedef enum BsonNumberKind {
        BSON_NUMBER_NAN,
        BSON_NUMBER_MINUS_INFINITY,
        BSON_NUMBER_NEGATIVE,
        BSON_NUMBER_ZERO,
        BSON_NUMBER_POSITIVE,
        BSON_NUMBER_INFINITY,
} BsonNumberKind;

#define BSON_NUMBER_DIGITS_MAX 767 /* what the smallest doubles need to be written out exactly */

/* NEGATIVE and POSITIVE: 0.d1d2d3... * 10^exponent; the first and the last digit are not 0. */
struct BsonNumber {
        BsonNumberKind kind;
        int exponent;
        size_t n_digits;
        unsigned char digits[BSON_NUMBER_DIGITS_MAX]; /* values 0 to 9 */
};

bool bson_number_is(bson_type_t type);

/* Whether @value, of any type, is NaN. */
bool bson_number_is_nan(const bson_value_t *value);

/* @value must be a number. */
void bson_number_read(const bson_value_t *value, BsonNumber *ret_number);

/* Less than, equal to or greater than 0. NaN is equal to NaN and less than everything else. */
int bson_number_compare(const BsonNumber *a, const BsonNumber *b);
