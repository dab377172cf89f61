/* Makes a tree of a filter: fields, and filters under $and, $or and $nor. */

#include "daemon/policy/matcher_compile.h"

#include <string.h>

#include "daemon/policy/matcher_context.h"
#include "daemon/policy/matcher_operator.h"

static int compile_field(MatcherContext *context, bson_iter_t *field, MatcherNode **ret_node) {
        bson_iter_t operators;

        if (matcher_operator_are(field, &operators))
                return error_trace(
                        matcher_operator_compile_all(context, bson_iter_key(field), operators, ret_node));

        return error_trace(matcher_operator_compile_literal(context, bson_iter_key(field), field, ret_node));
}

static int compile_filter(MatcherContext *context, bson_iter_t filter, MatcherNode **ret_node);

/* $and, $or and $nor: an array of filters. */
static int compile_logical(
        MatcherContext *context, MatcherNodeKind kind, bson_iter_t *value, MatcherNode **ret_node) {
        _cleanup_(matcher_node_freep) MatcherNode *node = NULL;
        bson_iter_t element, filter;
        int r;

        if (bson_iter_type(value) != BSON_TYPE_ARRAY || !bson_iter_recurse(value, &element))
                return matcher_context_wrong(context, "needs an array");

        r = matcher_node_new(kind, NULL, &node);
        while (!r && bson_iter_next(&element)) {
                size_t before = matcher_context_enter(context, "[%s]", bson_iter_key(&element));
                MatcherNode *child;

                if (bson_iter_type(&element) != BSON_TYPE_DOCUMENT || !bson_iter_recurse(&element, &filter))
                        return matcher_context_wrong(context, "is not a filter");
                r = compile_filter(context, filter, &child);
                if (!r)
                        r = matcher_node_add_child(node, child);
                matcher_context_leave(context, before);
        }
        if (r)
                return error_trace(r);
        if (node->n_children == 0)
                return matcher_context_wrong(context, "needs at least one filter");

        *ret_node = TAKE_PTR(node);
        return 0;
}

static int compile_part(MatcherContext *context, bson_iter_t *part, MatcherNode **ret_node) {
        static const struct {
                const char *name;
                MatcherNodeKind kind;
        } logical[] = {
                { "$and", MATCHER_NODE_ALL },
                { "$or", MATCHER_NODE_ANY },
                { "$nor", MATCHER_NODE_NONE },
        };

        if (bson_iter_key(part)[0] != '$')
                return error_trace(compile_field(context, part, ret_node));

        for (size_t i = 0; i < ELEMENTSOF(logical); i++)
                if (strcmp(bson_iter_key(part), logical[i].name) == 0)
                        return error_trace(compile_logical(context, logical[i].kind, part, ret_node));

        return matcher_context_unsupported(context);
}

static int compile_filter(MatcherContext *context, bson_iter_t filter, MatcherNode **ret_node) {
        _cleanup_(matcher_node_freep) MatcherNode *all = NULL;
        int r;

        r = matcher_context_descend(context);
        if (!r)
                r = matcher_node_new(MATCHER_NODE_ALL, NULL, &all);
        while (!r && bson_iter_next(&filter)) {
                size_t before = matcher_context_enter(context, ".%s", bson_iter_key(&filter));
                MatcherNode *node;

                r = compile_part(context, &filter, &node);
                if (!r)
                        r = matcher_node_add_child(all, node);
                matcher_context_leave(context, before);
        }
        if (r)
                return error_trace(r);

        matcher_context_ascend(context);
        *ret_node = TAKE_PTR(all);
        return 0;
}

int matcher_compile(const bson_t *filter, MatcherNode **ret_node, UserError *error) {
        MatcherContext context = { .error = error };
        bson_iter_t iter;

        matcher_context_enter(&context, "filter");
        if (!bson_iter_init(&iter, filter))
                return matcher_context_wrong(&context, "is not a document");

        return error_trace(compile_filter(&context, iter, ret_node));
}
