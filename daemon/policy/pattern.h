#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/alloc.h"
#include "common/error.h"

/*
 * A Perl-compatible regular expression as MongoDB's $regex has it. A Pattern is immutable, any thread.
 *
 * The work of one match is bounded: a text on which a pattern would need more (catastrophic
 * backtracking) does not match.
 */

typedef struct Pattern Pattern;

/*
 * Compiles @text with @options, any of the letters i, m, s, x, u (always on).
 *
 * @where: what the error says it is about
 * Returns 0; -EINVAL with @error filled; -ENOMEM.
 */
int pattern_new(
        const char *text, const char *options, const char *where, Pattern **ret_pattern, UserError *error);
Pattern *pattern_free(Pattern *pattern);
DEFINE_FREEP(Pattern, pattern);

/* Whether the pattern is found anywhere in @text, which may hold any bytes. */
bool pattern_matches(const Pattern *pattern, const char *text, size_t len);
