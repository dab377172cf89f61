/* The name that somebody most likely meant. */

#include "common/nearest.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#define TABLE_SIZE (NEAREST_LENGTH_MAX + 1)

static size_t least(size_t a, size_t b) {
        return a < b ? a : b;
}

/* Case is no mistake: INI keys are typed in any. */
static bool same(char a, char b) {
        return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/*
 * Edits that make @a of @b: letters inserted, left out, exchanged, or swapped with their neighbour. Row i of
 * the table is about the first i letters of @a; the last three rows are all that is looked at.
 */
static size_t edit_distance(const char *a, size_t a_len, const char *b, size_t b_len) {
        size_t rows[3][TABLE_SIZE];

        for (size_t j = 0; j <= b_len; j++)
                rows[0][j] = j;

        for (size_t i = 1; i <= a_len; i++) {
                size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *over_above = rows[(i + 1) % 3];

                row[0] = i;
                for (size_t j = 1; j <= b_len; j++) {
                        row[j] = least(above[j], row[j - 1]) + 1;
                        row[j] = least(row[j], above[j - 1] + !same(a[i - 1], b[j - 1]));
                        if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
                                row[j] = least(row[j], over_above[j - 2] + 1);
                }
        }

        return rows[a_len % 3][b_len];
}

void nearest_try(Nearest *nearest, const char *name) {
        size_t typed_len = strlen(nearest->typed), name_len = strlen(name), distance, most;

        if (typed_len > NEAREST_LENGTH_MAX || name_len > NEAREST_LENGTH_MAX)
                return;

        /* One mistake in every three letters; of a single letter nothing can be told. */
        most = typed_len < 2 ? 0 : typed_len < 3 ? 1 : typed_len / 3;

        distance = edit_distance(nearest->typed, typed_len, name, name_len);
        if (distance > most || (nearest->best && distance >= nearest->distance))
                return;

        nearest->best = name;
        nearest->distance = distance;
}
