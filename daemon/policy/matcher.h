#pragma once

#include <bson/bson.h>
#include <stdbool.h>

#include "common/alloc.h"
#include "common/error.h"

/*
 * Evaluates a MongoDB filter in C, with MongoDB's meaning (arrays, null, dotted paths, types bracketed
 * in comparisons): equality, $eq $gt $gte $lt $lte, $in, $nin, $ne, $exists, $type, $and, $or, $nor,
 * $not, $regex (with $options i, m, s, x). Anything else is refused by name. Pure; a Matcher is immutable, any thread.
 * Source: MongoDB manual, "Query and Projection Operators", "Comparison/Sort Order".
 */

typedef struct Matcher Matcher;

/* Compiles @filter (copied). Returns 0; -EINVAL with @error filled (`filter.$where`, "is not supported..."); -ENOMEM. */
int matcher_new(const bson_t *filter, Matcher **ret_matcher, UserError *error);
Matcher *matcher_free(Matcher *matcher);
DEFINE_FREEP(Matcher, matcher);

bool matcher_matches(const Matcher *matcher, const bson_t *document);
