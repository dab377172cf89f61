/* Which name is suggested for a mistyped one, and when none is. */

#include "common/nearest.h"

#include <string.h>

#include "tests/unit/unit.h"

static const char *nearest(const char *typed) {
        static const char *const names[] = { "status", "submit", "set", "pause", "resume", "cancel", "retry",
                "top", "wait", "concurrency", "rate", "limit", "n", "MaxInFlight" };
        Nearest best = { .typed = typed };

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                nearest_try(&best, names[i]);

        return best.best;
}

static void test_one_mistake_in_three_letters_is_understood(void **state) {
        static const struct {
                const char *typed;
                const char *meant; /* NULL: nothing is near */
        } cases[] = {
                { "status", "status" },
                { "statsu", "status" },  /* swapped */
                { "staus", "status" },   /* left out */
                { "sttatus", "status" }, /* twice */
                { "stetus", "status" },  /* exchanged */
                { "pasue", "pause" },
                { "concurency", "concurrency" },
                { "cuncorrency", "concurrency" },
                { "cuncorrecny", "concurrency" }, /* three in eleven */
                { "xuncorrecny", NULL },          /* four */
                { "maxinflight", "MaxInFlight" }, /* case does not count */
                { "STATUS", "status" },
                { "tp", "top" },
                { "waist", "wait" },
                { "xyz", NULL },
                { "x", NULL },
                { "", NULL },
                { "stop", "top" },
                { "frobnicate", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const char *best = nearest(cases[i].typed);

                if (cases[i].meant) {
                        assert_non_null(best);
                        assert_string_equal(best, cases[i].meant);
                } else {
                        assert_null(best);
                }
        }
}

static void test_of_equally_near_names_the_first_is_meant(void **state) {
        Nearest best = { .typed = "bat" };

        nearest_try(&best, "cat");
        nearest_try(&best, "hat");
        assert_string_equal(best.best, "cat");

        nearest_try(&best, "bat");
        assert_string_equal(best.best, "bat");
        assert_int_equal(best.distance, 0);
}

static void test_very_long_words_have_no_nearest(void **state) {
        char word[NEAREST_LENGTH_MAX + 2];
        Nearest best = { .typed = word };

        memset(word, 'a', sizeof(word));
        word[NEAREST_LENGTH_MAX + 1] = '\0';
        nearest_try(&best, word);
        assert_null(best.best);

        word[NEAREST_LENGTH_MAX] = '\0';
        nearest_try(&best, word);
        assert_non_null(best.best);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_one_mistake_in_three_letters_is_understood),
                cmocka_unit_test(test_of_equally_near_names_the_first_is_meant),
                cmocka_unit_test(test_very_long_words_have_no_nearest),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
