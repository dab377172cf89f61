/* What an origin's answers say about its rate limit. */

#include "daemon/policy/rate_limit.h"

#include <string.h>

#include "common/timeutil.h"

#define NUMBER_MAX (UINT64_MAX / 100)
#define EPOCH_S_MIN                                                                                          \
        UINT64_C(1000000000) /* as a delay this would be 31 years: it is a time, of 2001 or later */
#define EPOCH_MS_MIN UINT64_C(100000000000) /* as a time in seconds this would be the year 5138 */
#define DELAY_MAX_S UINT64_C(86400)         /* the gate bounds it further; this is against overflow */

typedef struct Quota Quota;
typedef struct Verdict Verdict;

/* One limit, as far as it is told. */
struct Quota {
        bool has_remaining, has_reset;
        uint64_t remaining, reset_s;
};

struct Verdict {
        bool exhausted, known;
        uint64_t exhausted_s; /* until every exhausted limit has been reset */
        uint64_t soonest_s;   /* until the first reset of any */
};

static bool read_number(const char *text, size_t len, uint64_t *ret_number) {
        uint64_t number = 0;

        if (len == 0)
                return false;

        for (size_t i = 0; i < len; i++) {
                if (text[i] < '0' || text[i] > '9' || number > NUMBER_MAX)
                        return false;
                number = number * 10 + (uint64_t)(text[i] - '0');
        }

        *ret_number = number;
        return true;
}

static void consider(Verdict *verdict, const Quota *quota) {
        if (!quota->has_reset)
                return;

        if (!verdict->known || quota->reset_s < verdict->soonest_s)
                verdict->soonest_s = quota->reset_s;
        verdict->known = true;

        if (!quota->has_remaining || quota->remaining > 0)
                return;

        verdict->exhausted = true;
        if (quota->reset_s > verdict->exhausted_s)
                verdict->exhausted_s = quota->reset_s;
}

static bool is_key(const char *text, size_t len, const char *name) {
        return strlen(name) == len && strncmp(text, name, len) == 0;
}

/* "r=0", "reset=30", perhaps with blanks behind; anything else is somebody else's. */
static void read_pair(const char *text, size_t len, Quota *quota) {
        const char *equals = memchr(text, '=', len);
        size_t key_len = equals ? (size_t)(equals - text) : len;
        uint64_t number;

        while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
                len--;

        if (!equals || key_len >= len || !read_number(equals + 1, len - key_len - 1, &number))
                return;

        if (is_key(text, key_len, "r") || is_key(text, key_len, "remaining")) {
                quota->has_remaining = true;
                quota->remaining = number;
        } else if (is_key(text, key_len, "t") || is_key(text, key_len, "reset")) {
                quota->has_reset = true;
                quota->reset_s = number;
        }
}

/* The length of what comes before a comma or semicolon that stands in no string (RFC 9651, section 3.3.3). */
static size_t piece_len(const char *text) {
        bool quoted = false;
        const char *p;

        for (p = text; *p; p++) {
                if (quoted && *p == '\\' && p[1])
                        p++;
                else if (*p == '"')
                        quoted = !quoted;
                else if (!quoted && (*p == ',' || *p == ';'))
                        break;
        }

        return (size_t)(p - text);
}

static void read_limits(const char *text, Verdict *verdict) {
        Quota item = {};

        for (;;) {
                size_t len;

                text += strspn(text, " \t");
                if (*text == '"') { /* a new item; pairs without one, as in the older form, are one limit */
                        consider(verdict, &item);
                        item = (Quota) {};
                }

                len = piece_len(text);
                read_pair(text, len, &item);
                text += len;
                if (!*text)
                        break;
                text++;
        }

        consider(verdict, &item);
}

static uint64_t until(uint64_t reset, int64_t wall_s) {
        uint64_t now_s = wall_s > 0 ? (uint64_t)wall_s : 0;

        if (reset >= EPOCH_MS_MIN)
                reset /= 1000;
        if (reset < EPOCH_S_MIN)
                return reset;

        return reset > now_s ? reset - now_s : 0;
}

static void read_single(const RateLimitFields *fields, int64_t wall_s, Verdict *verdict) {
        Quota quota = {};

        quota.has_remaining = fields->remaining &&
                              read_number(fields->remaining, strlen(fields->remaining), &quota.remaining);
        quota.has_reset = fields->reset && read_number(fields->reset, strlen(fields->reset), &quota.reset_s);
        quota.reset_s = until(quota.reset_s, wall_s);
        consider(verdict, &quota);
}

bool rate_limit_read(const RateLimitFields *fields, bool refused, int64_t wall_s, uint64_t *ret_delay_us) {
        Verdict verdict = {};
        uint64_t delay_s;

        if (fields->limits)
                read_limits(fields->limits, &verdict);
        read_single(fields, wall_s, &verdict);

        if (!verdict.exhausted && !(verdict.known && refused))
                return false;

        delay_s = verdict.exhausted ? verdict.exhausted_s : verdict.soonest_s;
        *ret_delay_us = (delay_s < DELAY_MAX_S ? delay_s : DELAY_MAX_S) * USEC_PER_SEC;
        return true;
}
