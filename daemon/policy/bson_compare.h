#pragma once

#include <bson/bson.h>

/*
 * BSON's order of values. Pure, any thread. Recursion is as deep as the values are nested, which the
 * readers of JSON and BSON bound at about 100 levels.
 * Source: MongoDB manual, "Comparison/Sort Order"; strings are compared by their bytes.
 */

/*
 * The bracket of a type: values of different brackets are ordered by it and never equal; all numbers
 * share one, and so do strings and symbols.
 */
int bson_compare_bracket(bson_type_t type);

/* Less than, equal to or greater than 0. Numbers by exact value whatever their types; NaN equals NaN. */
int bson_compare_values(const bson_value_t *a, const bson_value_t *b);
