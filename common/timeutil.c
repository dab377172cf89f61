/* Clocks and the texts of times. */

#include "common/timeutil.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#include "common/alloc.h"

static uint64_t clock_us(clockid_t clock) {
        struct timespec now;

        clock_gettime(clock, &now);
        return (uint64_t)now.tv_sec * USEC_PER_SEC + (uint64_t)now.tv_nsec / 1000;
}

uint64_t time_now_us(void) {
        return clock_us(CLOCK_MONOTONIC);
}

uint64_t time_boot_us(void) {
        return clock_us(CLOCK_BOOTTIME);
}

struct timeval time_as_timeval(uint64_t us) {
        return (struct timeval) { (time_t)(us / USEC_PER_SEC), (suseconds_t)(us % USEC_PER_SEC) };
}

int64_t time_wall_ms(void) {
        struct timespec now;

        clock_gettime(CLOCK_REALTIME, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

char *time_format_rfc3339(int64_t wall_ms, char *text) {
        int64_t ms = ((wall_ms % 1000) + 1000) % 1000;
        time_t seconds = (time_t)((wall_ms - ms) / 1000);
        struct tm tm = {};
        size_t n;

        gmtime_r(&seconds, &tm);
        n = strftime(text, TIME_RFC3339_SIZE, "%4Y-%m-%dT%H:%M:%S", &tm);
        snprintf(text + n, TIME_RFC3339_SIZE - n, ".%03dZ", (int)ms);
        return text;
}

/* strptime() knows no months' lengths, and timegm() would make the 3rd of March of a 31st of February. */
static bool day_exists(const struct tm *tm) {
        struct tm day = { .tm_year = tm->tm_year, .tm_mon = tm->tm_mon, .tm_mday = tm->tm_mday };

        (void)timegm(&day);
        return day.tm_mday == tm->tm_mday;
}

int http_date_parse(const char *text, int64_t *ret_s) {
        static const char *const forms[] = {
                "%a, %d %b %Y %H:%M:%S GMT", /* IMF-fixdate, the one to send */
                "%A, %d-%b-%y %H:%M:%S GMT", /* RFC 850 */
                "%a %b %e %H:%M:%S %Y",      /* asctime() */
        };

        for (size_t i = 0; i < ELEMENTSOF(forms); i++) {
                struct tm tm = {};
                const char *end = strptime(text, forms[i], &tm);

                if (end && !*end && day_exists(&tm)) {
                        *ret_s = (int64_t)timegm(&tm);
                        return 0;
                }
        }

        return -EINVAL;
}
