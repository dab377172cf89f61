#pragma once

#include <bson/bson.h>

#include "common/error.h"
#include "daemon/policy/matcher_node.h"

/*
 * Makes a tree of nodes of a filter, or says which part of it is wrong or not supported. The tree
 * points into @filter. Pure.
 *
 * Returns 0; -EINVAL with @error filled; -ENOMEM.
 */
int matcher_compile(const bson_t *filter, MatcherNode **ret_node, UserError *error);
