/* What is read from the fields about rate limits. */

#include "daemon/policy/rate_limit.h"

#include "common/timeutil.h"
#include "tests/unit/unit.h"

#define NOON INT64_C(1795435200)
#define NEVER UINT64_MAX /* the origin is not held */

typedef struct Case Case;

struct Case {
        const char *limits, *remaining, *reset;
        uint64_t told_s;    /* on an answer that is no refusal */
        uint64_t refused_s; /* on a 429 */
};

static const Case cases[] = {
        { NULL, NULL, NULL, NEVER, NEVER },

        { "\"default\";r=0;t=30", NULL, NULL, 30, 30 },
        { "\"default\";r=50;t=30", NULL, NULL, NEVER, 30 },
        { "  \"default\" ; r=0 ; t=30 ", NULL, NULL, 30, 30 },
        { "\"default\"; r=0; t=30", NULL, NULL, 30, 30 },
        { "\"a\";r=0;t=5, \"b\";r=0;t=60", NULL, NULL, 60, 60 },
        { "\"a\";r=0;t=5,\"b\";r=9;t=60", NULL, NULL, 5, 5 },
        { "\"a\";r=1;t=5, \"b\";r=9;t=60", NULL, NULL, NEVER, 5 },
        { "\"a;r=0;t=9,\\\"\";r=3;t=7", NULL, NULL, NEVER, 7 }, /* what stands in the name says nothing */
        { "\"a\";r=0", NULL, NULL, NEVER, NEVER },
        { "\"a\";t=5", NULL, NULL, NEVER, 5 },
        { "\"a\";r=0;t=-5", NULL, NULL, NEVER, NEVER },
        { "\"a\";r=0;t=5.5", NULL, NULL, NEVER, NEVER },
        { "\"a\";r=0;t=99999999999999999999", NULL, NULL, NEVER, NEVER },
        { "\"a\";r=0;t=9999999999", NULL, NULL, 86400, 86400 },
        { "\"a", NULL, NULL, NEVER, NEVER },
        { ";;;,,,\"\"=", NULL, NULL, NEVER, NEVER },

        { "limit=100, remaining=0, reset=30", NULL, NULL, 30, 30 },
        { "limit=100, remaining=4, reset=30", NULL, NULL, NEVER, 30 },
        { "limit=100,remaining=0,reset=30", NULL, NULL, 30, 30 },

        { NULL, "0", "30", 30, 30 },
        { NULL, "1", "30", NEVER, 30 },
        { NULL, NULL, "30", NEVER, 30 },
        { NULL, "0", NULL, NEVER, NEVER },
        { NULL, "-1", "30", NEVER, 30 },
        { NULL, "0", "soon", NEVER, NEVER },
        { NULL, "0", "1795435230", 30, 30 },    /* a time */
        { NULL, "0", "1795435230000", 30, 30 }, /* in milliseconds */
        { NULL, "0", "1795435100", 0, 0 },      /* over */

        { "\"a\";r=0;t=5", "0", "30", 30, 30 },
};

static void check(const Case *wanted, bool refused, uint64_t wanted_s, size_t i) {
        RateLimitFields fields = { wanted->limits, wanted->remaining, wanted->reset };
        uint64_t delay_us = NEVER;
        bool held = rate_limit_read(&fields, refused, NOON, &delay_us);

        if (held != (wanted_s != NEVER) || (held && delay_us != wanted_s * USEC_PER_SEC))
                fail_msg("case %zu, refused %d: %d, %ju us", i, refused, held, (uintmax_t)delay_us);
}

static void test_nothing_left_and_refusals_hold_until_the_reset(void **state) {
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                check(&cases[i], false, cases[i].told_s, i);
                check(&cases[i], true, cases[i].refused_s, i);
        }
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_nothing_left_and_refusals_hold_until_the_reset),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
