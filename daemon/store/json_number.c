/*
 * Numbers of JSON as BSON numbers, by value and never rounded.
 *
 * The text is first taken apart into its significant digits and an exponent; both what the double would
 * print and decimal128's bounds are then compared in that form.
 */

#include "daemon/store/json_number.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DECIMAL128_DIGITS 34
#define DECIMAL128_POINT_MAX 6145             /* 34 digits times ten to the 6111 */
#define DECIMAL128_EXPONENT_MIN (-6176)       /* of the last digit */
#define EXPONENT_BOUND INT64_C(1000000000000) /* saturates: far beyond every format, far from overflow */
#define DOUBLE_DIGITS_MAX 17

typedef struct Digits Digits;

/* A value: 0.digits times ten to the `point`; no zeros at either end, and n == 0 is zero. */
struct Digits {
        bool negative;
        bool integer; /* written without fraction and exponent */
        size_t n;     /* significant digits; only the first ones are in `text` */
        int64_t point;
        char text[DECIMAL128_DIGITS + 1];
};

static int64_t read_exponent(const char *text, const char *end) {
        bool negative = text < end && *text == '-';
        int64_t exponent = 0;

        if (text < end && (*text == '-' || *text == '+'))
                text++;

        for (; text < end; text++)
                if (exponent < EXPONENT_BOUND)
                        exponent = exponent * 10 + (*text - '0');

        return negative ? -exponent : exponent;
}

/* Zeros are held back until a digit follows, so that trailing ones never count. */
static void add_digit(Digits *digits, char digit, size_t *zeros) {
        if (digit == '0') {
                *zeros += digits->n > 0;
                return;
        }

        for (; *zeros > 0; --*zeros, digits->n++)
                if (digits->n < sizeof(digits->text))
                        digits->text[digits->n] = '0';

        if (digits->n < sizeof(digits->text))
                digits->text[digits->n] = digit;
        digits->n++;
}

static Digits take_apart(const char *text, size_t len) {
        const char *p = text, *end = text + len;
        Digits digits = { .integer = true };
        bool fraction = false;
        size_t zeros = 0;

        if (p < end && *p == '-') {
                digits.negative = true;
                p++;
        }

        for (; p < end && *p != 'e' && *p != 'E'; p++) {
                if (*p == '.') {
                        fraction = true;
                        continue;
                }

                add_digit(&digits, *p, &zeros);
                if (!fraction)
                        digits.point += digits.n > 0;
                else if (digits.n == 0)
                        digits.point--;
        }

        digits.integer = !fraction && p == end;
        if (p < end)
                digits.point += read_exponent(p + 1, end);
        if (digits.n == 0)
                digits.point = 0;
        return digits;
}

/* For at most 34 digits, not zero. Written as an integer with an exponent, which no locale changes. */
static void put_together(const Digits *digits, char *text, size_t size) {
        snprintf(text, size, "%s%.*se%lld", digits->negative ? "-" : "", (int)digits->n, digits->text,
                (long long)(digits->point - (int64_t)digits->n));
}

static bool read_integer(const Digits *digits, const char *text, size_t len, JsonNumber *ret_number) {
        char copy[24];
        long long value;

        if (!digits->integer || (digits->n == 0 && digits->negative) || len >= sizeof(copy))
                return false;

        memcpy(copy, text, len);
        copy[len] = '\0';
        errno = 0;
        value = strtoll(copy, NULL, 10);
        if (errno)
                return false;

        *ret_number = (JsonNumber) {
                .kind = value >= INT32_MIN && value <= INT32_MAX ? JSON_NUMBER_INT32 : JSON_NUMBER_INT64,
                .integer = value,
        };
        return true;
}

/* What printf() wrote with %e. Only its digits count: a locale may have put anything between them. */
static Digits take_printed_apart(const char *text) {
        const char *p = text;
        Digits digits = {};
        size_t zeros = 0;

        for (; *p != 'e'; p++)
                if (*p >= '0' && *p <= '9')
                        add_digit(&digits, *p, &zeros);

        digits.point = read_exponent(p + 1, p + strlen(p)) + 1;
        return digits;
}

static bool same_digits(const Digits *a, const Digits *b) {
        return a->n == b->n && a->point == b->point && memcmp(a->text, b->text, a->n) == 0;
}

/*
 * Whether @digits is what the shortest text of @value says: it prints so, and with one digit less it
 * would be read as another double, as it then is with even fewer.
 */
static bool is_shortest(double value, const Digits *digits) {
        int precision = (int)digits->n;
        char text[40];
        Digits printed;

        snprintf(text, sizeof(text), "%.*e", precision - 1, value);
        printed = take_printed_apart(text);
        if (!same_digits(&printed, digits))
                return false;
        if (precision == 1)
                return true;

        snprintf(text, sizeof(text), "%.*e", precision - 2, value);
        return strtod(text, NULL) != value;
}

static bool read_double(const Digits *digits, JsonNumber *ret_number) {
        bool normal = digits->point > DBL_MIN_10_EXP + 1 && digits->point < DBL_MAX_10_EXP;
        char text[64];
        double value;

        if (digits->n > DOUBLE_DIGITS_MAX || digits->point > DBL_MAX_10_EXP + 1 ||
                digits->point < DBL_MIN_10_EXP - DOUBLE_DIGITS_MAX)
                return false;

        put_together(digits, text, sizeof(text));
        value = strtod(text, NULL);

        /* Decimals of so few digits are further apart than doubles: none is shorter and reads the same. */
        if (digits->n > DBL_DIG || !normal)
                if (isinf(value) || !is_shortest(value, digits))
                        return false;

        *ret_number = (JsonNumber) { .kind = JSON_NUMBER_DOUBLE, .real = value };
        return true;
}

static bool read_decimal(const Digits *digits, JsonNumber *ret_number) {
        JsonNumber number = { .kind = JSON_NUMBER_DECIMAL128 };
        char text[64];

        if (digits->n > DECIMAL128_DIGITS || digits->point > DECIMAL128_POINT_MAX ||
                digits->point - (int64_t)digits->n < DECIMAL128_EXPONENT_MIN)
                return false;

        put_together(digits, text, sizeof(text));
        if (!bson_decimal128_from_string(text, &number.decimal))
                return false;

        *ret_number = number;
        return true;
}

JsonNumber json_number_read(const char *text, size_t len) {
        Digits digits = take_apart(text, len);
        JsonNumber number = { .kind = JSON_NUMBER_NONE };

        if (read_integer(&digits, text, len, &number))
                return number;

        if (digits.n == 0) {
                number = (JsonNumber) { .kind = JSON_NUMBER_DOUBLE, .real = digits.negative ? -0.0 : 0.0 };
                return number;
        }

        if (!read_double(&digits, &number))
                (void)read_decimal(&digits, &number);

        return number;
}

bool json_number_fits(const char *text, size_t len) {
        /* So few characters without an exponent always fit a decimal128 at least. */
        if (len <= DECIMAL128_DIGITS && !memchr(text, 'e', len) && !memchr(text, 'E', len))
                return true;

        return json_number_read(text, len).kind != JSON_NUMBER_NONE;
}
