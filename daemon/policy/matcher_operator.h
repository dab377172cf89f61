#pragma once

#include <bson/bson.h>
#include <stdbool.h>

#include "daemon/policy/matcher_context.h"
#include "daemon/policy/matcher_node.h"

/*
 * What a filter asks of one path: {path: value} and {path: {$operator: value, ...}}. Nodes belong to
 * the caller and point into the filter. Only the matcher's own files include this.
 *
 * Return 0; -EINVAL with the context's error filled; -ENOMEM.
 */

/*
 * Whether @value is a document of operators, whose beginning is then in @ret_first; {$ref: ...} is a
 * DBRef and meant literally.
 */
bool matcher_operator_are(const bson_iter_t *value, bson_iter_t *ret_first);

int matcher_operator_compile_all(
        MatcherContext *context, const char *path, bson_iter_t operators, MatcherNode **ret_node);
int matcher_operator_compile_literal(
        MatcherContext *context, const char *path, bson_iter_t *value, MatcherNode **ret_node);
