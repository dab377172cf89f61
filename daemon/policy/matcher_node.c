/* The nodes of a compiled filter, and whether a document satisfies them. */

#include "daemon/policy/matcher_node.h"

#include <errno.h>
#include <stdlib.h>

#include "daemon/policy/bson_compare.h"
#include "daemon/policy/bson_number.h"

int matcher_node_new(MatcherNodeKind kind, const char *path, MatcherNode **ret_node) {
        _cleanup_(matcher_node_freep) MatcherNode *node = calloc(1, sizeof(*node));

        if (!node)
                return -ENOMEM;

        node->kind = kind;
        if (path && matcher_path_init(&node->path, path) < 0)
                return -ENOMEM;

        *ret_node = TAKE_PTR(node);
        return 0;
}

MatcherNode *matcher_node_free(MatcherNode *node) {
        if (!node)
                return NULL;

        for (size_t i = 0; i < node->n_children; i++)
                matcher_node_free(node->children[i]);
        for (size_t i = 0; i < node->n_patterns; i++)
                pattern_free(node->patterns[i]);

        matcher_path_deinit(&node->path);
        free(node->children);
        free(node->patterns);
        free(node->values);
        free(node);
        return NULL;
}

int matcher_node_add_child(MatcherNode *node, MatcherNode *child) {
        MatcherNode **children = reallocarray(node->children, node->n_children + 1, sizeof(MatcherNode *));

        if (!children) {
                matcher_node_free(child);
                return -ENOMEM;
        }

        node->children = children;
        node->children[node->n_children++] = child;
        return 0;
}

int matcher_node_add_pattern(MatcherNode *node, Pattern *pattern) {
        Pattern **patterns = reallocarray(node->patterns, node->n_patterns + 1, sizeof(Pattern *));

        if (!patterns) {
                pattern_free(pattern);
                return -ENOMEM;
        }

        node->patterns = patterns;
        node->patterns[node->n_patterns++] = pattern;
        return 0;
}

int matcher_node_add_value(MatcherNode *node, const bson_value_t *value) {
        bson_value_t *values = reallocarray(node->values, node->n_values + 1, sizeof(bson_value_t));

        if (!values)
                return -ENOMEM;

        node->values = values;
        node->values[node->n_values++] = *value;
        return 0;
}

static int compare_values(const void *a, const void *b) {
        return bson_compare_values(a, b);
}

void matcher_node_sort_values(MatcherNode *node) {
        if (node->n_values > 1)
                qsort(node->values, node->n_values, sizeof(bson_value_t), compare_values);
}

uint64_t matcher_node_type_bit(bson_type_t type) {
        if (type == BSON_TYPE_MINKEY)
                return UINT64_C(1) << 62;
        if (type == BSON_TYPE_MAXKEY)
                return UINT64_C(1) << 63;

        return UINT64_C(1) << ((unsigned)type & 31);
}

static const bson_value_t null_value = { .value_type = BSON_TYPE_NULL };

/* What is not there, and the deprecated undefined, are like null to equality and order. */
static const bson_value_t *or_null(const bson_value_t *value) {
        return !value || value->value_type == BSON_TYPE_UNDEFINED ? &null_value : value;
}

static bool is_in(const bson_value_t *value, void *context) {
        const MatcherNode *node = context;

        value = or_null(value);
        if (node->n_values > 0 &&
                bsearch(value, node->values, node->n_values, sizeof(bson_value_t), compare_values))
                return true;

        if (value->value_type == BSON_TYPE_UTF8)
                for (size_t i = 0; i < node->n_patterns; i++)
                        if (pattern_matches(
                                    node->patterns[i], value->value.v_utf8.str, value->value.v_utf8.len))
                                return true;

        return false;
}

static bool satisfies(MatcherNodeKind kind, int order) {
        switch (kind) {
        case MATCHER_NODE_LESS:
                return order < 0;
        case MATCHER_NODE_LESS_EQUAL:
                return order <= 0;
        case MATCHER_NODE_GREATER:
                return order > 0;
        default:
                return order >= 0;
        }
}

static bool compares(const bson_value_t *value, void *context) {
        const MatcherNode *node = context;
        const bson_value_t *operand = or_null(node->values);
        int bracket, operand_bracket;

        value = or_null(value);
        bracket = bson_compare_bracket(value->value_type);
        operand_bracket = bson_compare_bracket(operand->value_type);

        /* Only MinKey and MaxKey are compared with values of other brackets. */
        if (bracket != operand_bracket) {
                if (operand->value_type != BSON_TYPE_MINKEY && operand->value_type != BSON_TYPE_MAXKEY)
                        return false;
                return satisfies(node->kind, bracket < operand_bracket ? -1 : 1);
        }

        /* No number is below or above NaN, but NaN is equal to itself. */
        if (bson_number_is_nan(value) != bson_number_is_nan(operand))
                return false;

        return satisfies(node->kind, bson_compare_values(value, operand));
}

static bool exists(const bson_value_t *value, void *context) {
        return value;
}

static bool has_type(const bson_value_t *value, void *context) {
        const MatcherNode *node = context;

        return value && (node->types & matcher_node_type_bit(value->value_type));
}

static bool any_child_matches(const MatcherNode *node, const bson_t *document) {
        for (size_t i = 0; i < node->n_children; i++)
                if (matcher_node_matches(node->children[i], document))
                        return true;

        return false;
}

static bool all_children_match(const MatcherNode *node, const bson_t *document) {
        for (size_t i = 0; i < node->n_children; i++)
                if (!matcher_node_matches(node->children[i], document))
                        return false;

        return true;
}

bool matcher_node_matches(const MatcherNode *node, const bson_t *document) {
        switch (node->kind) {
        case MATCHER_NODE_ALL:
                return all_children_match(node, document);
        case MATCHER_NODE_ANY:
                return any_child_matches(node, document);
        case MATCHER_NODE_NONE:
                return !any_child_matches(node, document);
        case MATCHER_NODE_IN:
                return matcher_path_any(&node->path, document, is_in, (void *)node);
        case MATCHER_NODE_EXISTS:
                return matcher_path_any(&node->path, document, exists, NULL);
        case MATCHER_NODE_TYPE:
                return matcher_path_any(&node->path, document, has_type, (void *)node);
        default:
                return matcher_path_any(&node->path, document, compares, (void *)node);
        }
}
