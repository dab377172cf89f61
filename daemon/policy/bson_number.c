/* Numbers of all BSON types by their exact decimal value. */

#include "daemon/policy/bson_number.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"

/* Sign, 767 digits, point, exponent. */
#define DOUBLE_TEXT_SIZE (BSON_NUMBER_DIGITS_MAX + 16)

bool bson_number_is(bson_type_t type) {
        return type == BSON_TYPE_INT32 || type == BSON_TYPE_INT64 || type == BSON_TYPE_DOUBLE ||
               type == BSON_TYPE_DECIMAL128;
}

static bool decimal_is(const bson_decimal128_t *value, const char *name) {
        char text[BSON_DECIMAL128_STRING];

        bson_decimal128_to_string(value, text);
        return strcmp(text, name) == 0;
}

bool bson_number_is_nan(const bson_value_t *value) {
        if (value->value_type == BSON_TYPE_DOUBLE)
                return isnan(value->value.v_double);

        return value->value_type == BSON_TYPE_DECIMAL128 &&
               decimal_is(&value->value.v_decimal128, BSON_DECIMAL128_NAN);
}

/* Leaves the first and last digit other than 0, or makes the number zero. */
static void normalize(BsonNumber *number) {
        size_t skip = 0;

        while (skip < number->n_digits && number->digits[skip] == 0)
                skip++;
        while (number->n_digits > skip && number->digits[number->n_digits - 1] == 0)
                number->n_digits--;

        number->n_digits -= skip;
        number->exponent -= (int)skip;
        memmove(number->digits, number->digits + skip, number->n_digits);

        if (number->n_digits == 0)
                *number = (BsonNumber) { .kind = BSON_NUMBER_ZERO };
}

/* Reads "-12.5E+3" and its like: what printf() and libbson write of a finite number. */
static void read_text(const char *text, BsonNumber *number) {
        bool fraction = false;

        number->kind = *text == '-' ? BSON_NUMBER_NEGATIVE : BSON_NUMBER_POSITIVE;
        number->exponent = 0;
        number->n_digits = 0;

        for (const char *p = text; *p; p++) {
                if (*p == '.') {
                        fraction = true;
                } else if (*p == 'e' || *p == 'E') {
                        number->exponent += (int)strtol(p + 1, NULL, 10);
                        break;
                } else if (*p >= '0' && *p <= '9' && number->n_digits < BSON_NUMBER_DIGITS_MAX) {
                        number->digits[number->n_digits++] = (unsigned char)(*p - '0');
                        number->exponent += !fraction;
                }
        }

        normalize(number);
}

static void read_integer(int64_t value, BsonNumber *number) {
        /* Negated as unsigned: INT64_MIN has no positive int64_t. */
        uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
        unsigned char reversed[20];
        size_t n = 0;

        for (; rest; rest /= 10)
                reversed[n++] = (unsigned char)(rest % 10);

        number->kind = value < 0 ? BSON_NUMBER_NEGATIVE : BSON_NUMBER_POSITIVE;
        number->exponent = (int)n;
        number->n_digits = n;
        for (size_t i = 0; i < n; i++)
                number->digits[i] = reversed[n - 1 - i];

        normalize(number);
}

static void read_double(double value, BsonNumber *number) {
        char text[DOUBLE_TEXT_SIZE];

        if (isnan(value)) {
                number->kind = BSON_NUMBER_NAN;
        } else if (isinf(value)) {
                number->kind = value < 0 ? BSON_NUMBER_MINUS_INFINITY : BSON_NUMBER_INFINITY;
        } else if (fabs(value) < 0x1p53 && trunc(value) == value) {
                read_integer((int64_t)value, number); /* the usual case, and far cheaper */
        } else {
                snprintf(text, sizeof(text), "%.*e", BSON_NUMBER_DIGITS_MAX - 1, value);
                read_text(text, number);
        }
}

static void read_decimal(const bson_decimal128_t *value, BsonNumber *number) {
        char text[BSON_DECIMAL128_STRING];

        if (decimal_is(value, BSON_DECIMAL128_NAN)) {
                number->kind = BSON_NUMBER_NAN;
        } else if (decimal_is(value, BSON_DECIMAL128_INF)) {
                number->kind = BSON_NUMBER_INFINITY;
        } else if (decimal_is(value, "-" BSON_DECIMAL128_INF)) {
                number->kind = BSON_NUMBER_MINUS_INFINITY;
        } else {
                bson_decimal128_to_string(value, text);
                read_text(text, number);
        }
}

void bson_number_read(const bson_value_t *value, BsonNumber *ret_number) {
        switch (value->value_type) {
        case BSON_TYPE_INT32:
                read_integer(value->value.v_int32, ret_number);
                break;
        case BSON_TYPE_INT64:
                read_integer(value->value.v_int64, ret_number);
                break;
        case BSON_TYPE_DOUBLE:
                read_double(value->value.v_double, ret_number);
                break;
        default:
                read_decimal(&value->value.v_decimal128, ret_number);
                break;
        }
}

/* Which of two numbers of the same sign is farther from zero. */
static int compare_magnitude(const BsonNumber *a, const BsonNumber *b) {
        size_t n = a->n_digits < b->n_digits ? a->n_digits : b->n_digits;
        int r;

        if (a->exponent != b->exponent)
                return a->exponent < b->exponent ? -1 : 1;

        r = memcmp(a->digits, b->digits, n);
        if (r != 0 || a->n_digits == b->n_digits)
                return r;

        return a->n_digits < b->n_digits ? -1 : 1;
}

int bson_number_compare(const BsonNumber *a, const BsonNumber *b) {
        if (a->kind != b->kind)
                return a->kind < b->kind ? -1 : 1;
        if (a->kind == BSON_NUMBER_POSITIVE)
                return compare_magnitude(a, b);
        if (a->kind == BSON_NUMBER_NEGATIVE)
                return compare_magnitude(b, a);

        return 0;
}
