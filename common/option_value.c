/* Durations, sizes and rates: numbers with a unit, read and written without losing anything. */

#include "common/option_value.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/timeutil.h"

typedef struct Unit Unit;

struct Unit {
        const char *name;
        uint64_t factor;
};

/* Writing looks for the first unit that divides the number, so the larger ones come first. */
static const Unit duration_units[] = {
        { "d", 86400 * USEC_PER_SEC },
        { "h", 3600 * USEC_PER_SEC },
        { "m", 60 * USEC_PER_SEC },
        { "s", USEC_PER_SEC },
        { "ms", USEC_PER_MSEC },
        { "", USEC_PER_SEC },
        {},
};

static const Unit size_units[] = {
        { "GiB", UINT64_C(1) << 30 },
        { "MiB", UINT64_C(1) << 20 },
        { "KiB", UINT64_C(1) << 10 },
        { "", 1 },
        {},
};

/* Seconds that the unit has. */
static const Unit rate_units[] = { { "/s", 1 }, { "/min", 60 }, { "/h", 3600 }, { "", 1 }, {} };

/* A decimal number without sign and one of the units directly behind it. */
static int parse_with_unit(const char *text, const Unit *units, double *ret_number, uint64_t *ret_factor) {
        double number;
        char *end;

        /* What strtod() takes beyond plain decimals: signs, blanks, words and hexadecimal. */
        if (!isdigit((unsigned char)text[0]) || tolower((unsigned char)text[1]) == 'x')
                return -EINVAL;

        number = strtod(text, &end);

        for (const Unit *unit = units; unit->name; unit++)
                if (strcmp(end, unit->name) == 0) {
                        *ret_number = number;
                        *ret_factor = unit->factor;
                        return 0;
                }

        return -EINVAL;
}

/* Whole units of the smallest kind; numbers that no setting comes near are refused rather than wrapped. */
static int parse_whole(const char *text, const Unit *units, uint64_t *ret_number) {
        uint64_t factor;
        double number;

        if (parse_with_unit(text, units, &number, &factor) || number * (double)factor > 0x1p62)
                return -EINVAL;

        *ret_number = (uint64_t)llround(number * (double)factor);
        return 0;
}

int duration_parse(const char *text, uint64_t *ret_us, UserError *error) {
        if (parse_whole(text, duration_units, ret_us))
                return user_error_set(
                        error, NULL, "write 200ms, 30s, 5m, 2h or 1d", "\"%.60s\" is not a duration", text);

        return 0;
}

int size_parse(const char *text, uint64_t *ret_bytes, UserError *error) {
        if (parse_whole(text, size_units, ret_bytes))
                return user_error_set(error, NULL, "write 64KiB, 1MiB or a number of bytes",
                        "\"%.60s\" is not a size", text);

        return 0;
}

int rate_parse(const char *text, double *ret_per_second, UserError *error) {
        uint64_t seconds;
        double number;

        if (strcmp(text, "none") == 0) {
                *ret_per_second = 0;
                return 0;
        }

        if (parse_with_unit(text, rate_units, &number, &seconds) || !isfinite(number))
                return user_error_set(
                        error, NULL, "write 50/s, 3000/min, 100/h or none", "\"%.60s\" is not a rate", text);

        *ret_per_second = number / (double)seconds;
        return 0;
}

static int refuse_share(const char *text, UserError *error) {
        return user_error_set(error, NULL, "write a number such as 100, or a share such as 5%",
                "\"%.60s\" is neither a count nor a share", text);
}

int share_parse(const char *text, CountOrShare *ret_share, UserError *error) {
        static const Unit units[] = { { "", 1 }, { "%", 100 }, {} };
        uint64_t factor;
        double number;

        if (parse_with_unit(text, units, &number, &factor))
                return refuse_share(text, error);

        if (factor == 100) {
                if (number <= 0 || number > 100)
                        return refuse_share(text, error);
                *ret_share = (CountOrShare) { .percent = number };
        } else {
                if (number < 1 || number > 0x1p53 || number != floor(number))
                        return refuse_share(text, error);
                *ret_share = (CountOrShare) { .count = (uint64_t)number };
        }

        return 0;
}

static int count_parse(const char *text, uint64_t *ret_count, UserError *error) {
        unsigned long long count;
        char *end;

        errno = 0;
        count = strtoull(text, &end, 10);
        if (!isdigit((unsigned char)text[0]) || *end || errno)
                return user_error_set(
                        error, NULL, "write digits only", "\"%.60s\" is not a whole number", text);

        *ret_count = count;
        return 0;
}

int number_parse(OptionType type, const char *text, uint64_t *ret_number, UserError *error) {
        switch (type) {
        case OPTION_SIZE:
                return size_parse(text, ret_number, error);
        case OPTION_DURATION:
                return duration_parse(text, ret_number, error);
        default:
                return count_parse(text, ret_number, error);
        }
}

/* What no unit divides: microseconds, as thousandths of a millisecond. */
static char *format_fine_duration(uint64_t us, char *text) {
        int n = snprintf(text, NUMBER_TEXT_SIZE, "%ju.%03ju", (uintmax_t)(us / USEC_PER_MSEC),
                (uintmax_t)(us % USEC_PER_MSEC));

        while (text[n - 1] == '0')
                n--;

        strcpy(text + n, "ms");
        return text;
}

char *number_format(OptionType type, uint64_t number, char *text) {
        const Unit *units = type == OPTION_DURATION ? duration_units : size_units;

        if (type == OPTION_COUNT || number == 0) {
                snprintf(text, NUMBER_TEXT_SIZE, "%ju%s", (uintmax_t)number,
                        type == OPTION_DURATION ? "s" : "");
                return text;
        }

        for (const Unit *unit = units; unit->name; unit++)
                if (number % unit->factor == 0) {
                        snprintf(text, NUMBER_TEXT_SIZE, "%ju%s", (uintmax_t)(number / unit->factor),
                                unit->name);
                        return text;
                }

        return format_fine_duration(number, text);
}

char *share_format(const CountOrShare *share, char *text) {
        if (share->percent > 0) {
                json_format_double(share->percent, text);
                strcat(text, "%");
        } else
                snprintf(text, NUMBER_TEXT_SIZE, "%ju", (uintmax_t)share->count);

        return text;
}

char *rate_format(double per_second, char *text) {
        UserError unused = {};
        double again;

        /* 100/h is 0.02777.. a second: the unit that makes a whole number of it is the one that was typed. */
        for (const Unit *unit = rate_units; *unit->name; unit++) {
                double number = round(per_second * (double)unit->factor);

                snprintf(text, NUMBER_TEXT_SIZE, "%.0f%s", number, unit->name);
                if (number < 1e15 && rate_parse(text, &again, &unused) == 0 && again == per_second)
                        return text;
        }

        json_format_double(per_second, text);
        strcat(text, "/s");
        return text;
}
