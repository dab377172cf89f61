/* Numbers as people say them, in one place, so that all screens agree. */

#include "ctl/words.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define MINUTE UINT64_C(60)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

#define SECONDS_MAX 1e15 /* more than any clock says, and a double still counts them one by one */

/* Whether the digit after the point says anything; from 10 on it does not. */
static bool has_tenth(double number) {
        return number < 9.95 && (uint64_t)(number * 10 + 0.5) % 10 != 0;
}

char *words_duration(double seconds, char *text) {
        double bounded = seconds < 0 ? 0 : seconds > SECONDS_MAX ? SECONDS_MAX : seconds;
        uint64_t s = (uint64_t)(bounded + 0.5);

        if (has_tenth(bounded))
                snprintf(text, WORDS_SIZE, "%.1fs", bounded);
        else if (s < MINUTE)
                snprintf(text, WORDS_SIZE, "%" PRIu64 "s", s);
        else if (s < HOUR)
                snprintf(text, WORDS_SIZE, "%" PRIu64 "m %" PRIu64 "s", s / MINUTE, s % MINUTE);
        else if (s < DAY)
                snprintf(text, WORDS_SIZE, "%" PRIu64 "h %" PRIu64 "m", s / HOUR, s % HOUR / MINUTE);
        else
                snprintf(text, WORDS_SIZE, "%" PRIu64 "d %" PRIu64 "h", s / DAY, s % DAY / HOUR);
        return text;
}

char *words_count(int64_t count, char *text) {
        char digits[WORDS_SIZE];
        size_t len, at = 0;

        snprintf(digits, sizeof(digits), "%" PRId64, count);
        len = strlen(digits);

        for (size_t i = 0; i < len; i++) {
                text[at++] = digits[i];
                if (digits[i] != '-' && i + 1 < len && (len - i - 1) % 3 == 0)
                        text[at++] = ',';
        }

        text[at] = '\0';
        return text;
}

char *words_number(double number, char *text) {
        if (number > 0 && number < 0.95)
                snprintf(text, WORDS_SIZE, "%.1g", number);
        else if (has_tenth(number))
                snprintf(text, WORDS_SIZE, "%.1f", number);
        else
                snprintf(text, WORDS_SIZE, "%.0f", number);
        return text;
}

char *words_rate(double per_second, char *text) {
        size_t len;

        words_number(per_second, text);
        len = strlen(text);
        snprintf(text + len, WORDS_SIZE - len, "/s");
        return text;
}
