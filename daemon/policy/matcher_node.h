#pragma once

#include <bson/bson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/alloc.h"
#include "daemon/policy/matcher_path.h"
#include "daemon/policy/pattern.h"

/*
 * The tree that a filter compiles to; only the matcher's own files include this. Values point into
 * the filter that was compiled, everything else belongs to its node.
 */

typedef struct MatcherNode MatcherNode;

typedef enum MatcherNodeKind {
        MATCHER_NODE_ALL, /* of `children` */
        MATCHER_NODE_ANY,
        MATCHER_NODE_NONE,
        MATCHER_NODE_IN, /* equal to one of `values`, or text that one of `patterns` finds */
        MATCHER_NODE_LESS,
        MATCHER_NODE_LESS_EQUAL,
        MATCHER_NODE_GREATER,
        MATCHER_NODE_GREATER_EQUAL,
        MATCHER_NODE_EXISTS,
        MATCHER_NODE_TYPE,
} MatcherNodeKind;

struct MatcherNode {
        MatcherNodeKind kind;
        MatcherNode **children;
        size_t n_children;

        MatcherPath path;     /* of those that look at values */
        bson_value_t *values; /* IN: sorted; comparisons: one */
        size_t n_values;
        Pattern **patterns;
        size_t n_patterns;
        uint64_t types; /* TYPE: bits of matcher_node_type_bit() */
};

/* A node of @kind; @path may be NULL. Returns 0 or -ENOMEM. */
int matcher_node_new(MatcherNodeKind kind, const char *path, MatcherNode **ret_node);
MatcherNode *matcher_node_free(MatcherNode *node);
DEFINE_FREEP(MatcherNode, matcher_node);

/* These take over @child and @pattern, also when they fail; 0 or -ENOMEM. */
int matcher_node_add_child(MatcherNode *node, MatcherNode *child);
int matcher_node_add_pattern(MatcherNode *node, Pattern *pattern);

/* Adds a value that outlives the node. 0 or -ENOMEM. */
int matcher_node_add_value(MatcherNode *node, const bson_value_t *value);

/* To be called when all values are there, before matching. */
void matcher_node_sort_values(MatcherNode *node);

/* One bit for each BSON type. */
uint64_t matcher_node_type_bit(bson_type_t type);

bool matcher_node_matches(const MatcherNode *node, const bson_t *document);
