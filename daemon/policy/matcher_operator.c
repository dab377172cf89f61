/* The operators of a filter, by table, each with the errors that it can have. */

#include "daemon/policy/matcher_operator.h"

#include <string.h>

#include "daemon/policy/bson_number.h"

/* One operator of {path: {$operator: value}}. */
typedef struct Operand {
        const char *path;
        bson_iter_t value;
        bson_iter_t siblings; /* before the first operator of the same document */
        MatcherNodeKind kind;
} Operand;

typedef int (*Compile)(MatcherContext *context, Operand *operand, MatcherNode **ret_node);

/* Puts a node under one of @kind. Takes over @node. */
static int wrap(MatcherNodeKind kind, MatcherNode *node, MatcherNode **ret_node) {
        _cleanup_(matcher_node_freep) MatcherNode *child = node;
        MatcherNode *outer;
        int r;

        r = matcher_node_new(kind, NULL, &outer);
        if (r)
                return error_trace(r);

        r = matcher_node_add_child(outer, TAKE_PTR(child));
        if (r) {
                matcher_node_free(outer);
                return error_trace(r);
        }

        *ret_node = outer;
        return 0;
}

bool matcher_operator_are(const bson_iter_t *value, bson_iter_t *ret_first) {
        static const char *const reference[] = { "$ref", "$id", "$db" };
        bson_iter_t first;

        if (bson_iter_type(value) != BSON_TYPE_DOCUMENT || !bson_iter_recurse(value, &first))
                return false;

        *ret_first = first;
        if (!bson_iter_next(&first) || bson_iter_key(&first)[0] != '$')
                return false;

        for (size_t i = 0; i < ELEMENTSOF(reference); i++)
                if (strcmp(bson_iter_key(&first), reference[i]) == 0)
                        return false;

        return true;
}

static int add_pattern(MatcherContext *context, MatcherNode *node, const char *text, const char *options) {
        Pattern *pattern;
        int r;

        r = pattern_new(text, options, context->where, &pattern, context->error);
        if (r)
                return error_trace(r);

        return error_trace(matcher_node_add_pattern(node, pattern));
}

/* A value to be equal to; a regular expression finds texts too, and is equal to itself. */
static int add_candidate(MatcherContext *context, MatcherNode *node, bson_iter_t *value) {
        int r;

        r = matcher_node_add_value(node, bson_iter_value(value));
        if (r)
                return error_trace(r);

        if (bson_iter_type(value) == BSON_TYPE_REGEX) {
                const char *options, *text = bson_iter_regex(value, &options);

                return error_trace(add_pattern(context, node, text, options));
        }

        return 0;
}

int matcher_operator_compile_literal(
        MatcherContext *context, const char *path, bson_iter_t *value, MatcherNode **ret_node) {
        _cleanup_(matcher_node_freep) MatcherNode *node = NULL;
        int r;

        r = matcher_node_new(MATCHER_NODE_IN, path, &node);
        if (r)
                return error_trace(r);

        r = add_candidate(context, node, value);
        if (r)
                return error_trace(r);

        *ret_node = TAKE_PTR(node);
        return 0;
}

/* $eq and $ne, and the comparisons: one value and no pattern. */
static int compile_comparison(MatcherContext *context, Operand *operand, MatcherNode **ret_node) {
        _cleanup_(matcher_node_freep) MatcherNode *node = NULL;
        int r;

        if (bson_iter_type(&operand->value) == BSON_TYPE_REGEX && operand->kind != MATCHER_NODE_IN)
                return matcher_context_wrong(context, "compares with a regular expression");

        r = matcher_node_new(operand->kind, operand->path, &node);
        if (!r)
                r = matcher_node_add_value(node, bson_iter_value(&operand->value));
        if (r)
                return error_trace(r);

        *ret_node = TAKE_PTR(node);
        return 0;
}

static int compile_unequal(MatcherContext *context, Operand *operand, MatcherNode **ret_node) {
        if (bson_iter_type(&operand->value) == BSON_TYPE_REGEX)
                return user_error_set(
                        context->error, context->where, "use $not", "takes no regular expression");

        return error_trace(compile_comparison(context, operand, ret_node));
}

static int compile_in(MatcherContext *context, Operand *operand, MatcherNode **ret_node) {
        _cleanup_(matcher_node_freep) MatcherNode *node = NULL;
        bson_iter_t element, first;
        int r;

        if (bson_iter_type(&operand->value) != BSON_TYPE_ARRAY ||
                !bson_iter_recurse(&operand->value, &element))
                return matcher_context_wrong(context, "needs an array");

        r = matcher_node_new(MATCHER_NODE_IN, operand->path, &node);
        if (r)
                return error_trace(r);

        while (bson_iter_next(&element)) {
                if (matcher_operator_are(&element, &first))
                        return matcher_context_wrong(context, "cannot hold operators");

                r = add_candidate(context, node, &element);
                if (r)
                        return error_trace(r);
        }

        matcher_node_sort_values(node);
        *ret_node = TAKE_PTR(node);
        return 0;
}

static int compile_exists(MatcherContext *context, Operand *operand, MatcherNode **ret_node) {
        MatcherNode *node;
        int r;

        r = matcher_node_new(MATCHER_NODE_EXISTS, operand->path, &node);
        if (r)
                return error_trace(r);

        if (!bson_iter_as_bool(&operand->value))
                return error_trace(wrap(MATCHER_NODE_NONE, node, ret_node));

        *ret_node = node;
        return 0;
}

static const struct {
        const char *name;
        bson_type_t type;
} types[] = {
        { "double", BSON_TYPE_DOUBLE },
        { "string", BSON_TYPE_UTF8 },
        { "object", BSON_TYPE_DOCUMENT },
        { "array", BSON_TYPE_ARRAY },
        { "binData", BSON_TYPE_BINARY },
        { "undefined", BSON_TYPE_UNDEFINED },
        { "objectId", BSON_TYPE_OID },
        { "bool", BSON_TYPE_BOOL },
        { "date", BSON_TYPE_DATE_TIME },
        { "null", BSON_TYPE_NULL },
        { "regex", BSON_TYPE_REGEX },
        { "dbPointer", BSON_TYPE_DBPOINTER },
        { "javascript", BSON_TYPE_CODE },
        { "symbol", BSON_TYPE_SYMBOL },
        { "int", BSON_TYPE_INT32 },
        { "javascriptWithScope", BSON_TYPE_CODEWSCOPE },
        { "timestamp", BSON_TYPE_TIMESTAMP },
        { "long", BSON_TYPE_INT64 },
        { "decimal", BSON_TYPE_DECIMAL128 },
        { "minKey", BSON_TYPE_MINKEY },
        { "maxKey", BSON_TYPE_MAXKEY },
};

/* One type by its name or number, as bits; 0 if there is no such type. */
static uint64_t type_bits(const bson_iter_t *iter) {
        const char *name = bson_iter_type(iter) == BSON_TYPE_UTF8 ? bson_iter_utf8(iter, NULL) : NULL;
        /* $type says -1 where BSON's byte is 255. */
        int64_t number = bson_number_is(bson_iter_type(iter)) ? bson_iter_as_int64(iter) : 0;
        uint64_t bits = 0;

        for (size_t i = 0; i < ELEMENTSOF(types); i++) {
                bool by_number = number == (types[i].type == BSON_TYPE_MINKEY ? -1 : (int64_t)types[i].type);
                bool is_number = name && strcmp(name, "number") == 0 && bson_number_is(types[i].type);

                if (name ? is_number || strcmp(name, types[i].name) == 0 : by_number)
                        bits |= matcher_node_type_bit(types[i].type);
        }

        return bits;
}

static int compile_type(MatcherContext *context, Operand *operand, MatcherNode **ret_node) {
        _cleanup_(matcher_node_freep) MatcherNode *node = NULL;
        bool is_array = bson_iter_type(&operand->value) == BSON_TYPE_ARRAY;
        bson_iter_t element = operand->value;
        int r;

        r = matcher_node_new(MATCHER_NODE_TYPE, operand->path, &node);
        if (r)
                return error_trace(r);

        if (is_array && (!bson_iter_recurse(&operand->value, &element) || !bson_iter_next(&element)))
                return matcher_context_wrong(context, "names no type");

        do {
                uint64_t bits = type_bits(&element);

                if (bits == 0)
                        return matcher_context_wrong(context, "names a type that BSON does not have");
                node->types |= bits;
        } while (is_array && bson_iter_next(&element));

        *ret_node = TAKE_PTR(node);
        return 0;
}

static int compile_regex(MatcherContext *context, Operand *operand, MatcherNode **ret_node) {
        _cleanup_(matcher_node_freep) MatcherNode *node = NULL;
        const char *text, *options = "";
        bson_iter_t sibling = operand->siblings;
        int r;

        if (bson_iter_type(&operand->value) == BSON_TYPE_REGEX)
                text = bson_iter_regex(&operand->value, &options);
        else if (bson_iter_type(&operand->value) == BSON_TYPE_UTF8)
                text = bson_iter_utf8(&operand->value, NULL);
        else
                return matcher_context_wrong(context, "needs a string or a regular expression");

        if (bson_iter_find(&sibling, "$options")) {
                if (bson_iter_type(&sibling) != BSON_TYPE_UTF8)
                        return matcher_context_wrong(context, "has $options that are not a string");
                options = bson_iter_utf8(&sibling, NULL);
        }

        r = matcher_node_new(MATCHER_NODE_IN, operand->path, &node);
        if (!r)
                r = add_pattern(context, node, text, options);
        if (r)
                return error_trace(r);

        *ret_node = TAKE_PTR(node);
        return 0;
}

/* $options belongs to the $regex beside it, which has read it; alone it means nothing. */
static int compile_options(MatcherContext *context, Operand *operand, MatcherNode **ret_node) {
        bson_iter_t sibling = operand->siblings;

        if (!bson_iter_find(&sibling, "$regex"))
                return matcher_context_wrong(context, "needs a $regex beside it");

        return error_trace(matcher_node_new(MATCHER_NODE_ALL, NULL, ret_node));
}

static int compile_not(MatcherContext *context, Operand *operand, MatcherNode **ret_node) {
        bson_iter_t operators;

        if (bson_iter_type(&operand->value) == BSON_TYPE_REGEX)
                return error_trace(
                        matcher_operator_compile_literal(context, operand->path, &operand->value, ret_node));
        if (!matcher_operator_are(&operand->value, &operators))
                return matcher_context_wrong(context, "needs operators or a regular expression");

        return error_trace(matcher_operator_compile_all(context, operand->path, operators, ret_node));
}

static const struct {
        const char *name;
        Compile compile;
        MatcherNodeKind kind;
        bool negated;
} operator_table[] = {
        { "$eq", compile_comparison, MATCHER_NODE_IN },
        { "$ne", compile_unequal, MATCHER_NODE_IN, .negated = true },
        { "$gt", compile_comparison, MATCHER_NODE_GREATER },
        { "$gte", compile_comparison, MATCHER_NODE_GREATER_EQUAL },
        { "$lt", compile_comparison, MATCHER_NODE_LESS },
        { "$lte", compile_comparison, MATCHER_NODE_LESS_EQUAL },
        { "$in", compile_in, MATCHER_NODE_IN },
        { "$nin", compile_in, MATCHER_NODE_IN, .negated = true },
        { "$exists", compile_exists, MATCHER_NODE_EXISTS },
        { "$type", compile_type, MATCHER_NODE_TYPE },
        { "$not", compile_not, MATCHER_NODE_ALL, .negated = true },
        { "$regex", compile_regex, MATCHER_NODE_IN },
        { "$options", compile_options, MATCHER_NODE_ALL },
};

static int compile_operator(
        MatcherContext *context, const char *name, Operand *operand, MatcherNode **ret_node) {
        size_t i = 0;
        int r;

        while (i < ELEMENTSOF(operator_table) && strcmp(operator_table[i].name, name) != 0)
                i++;
        if (i == ELEMENTSOF(operator_table))
                return matcher_context_unsupported(context);

        operand->kind = operator_table[i].kind;
        r = operator_table[i].compile(context, operand, ret_node);
        if (r)
                return error_trace(r);

        return operator_table[i].negated ? error_trace(wrap(MATCHER_NODE_NONE, *ret_node, ret_node)) : 0;
}

int matcher_operator_compile_all(
        MatcherContext *context, const char *path, bson_iter_t operators, MatcherNode **ret_node) {
        _cleanup_(matcher_node_freep) MatcherNode *all = NULL;
        Operand operand = { .path = path, .siblings = operators };
        int r;

        r = matcher_context_descend(context);
        if (!r)
                r = matcher_node_new(MATCHER_NODE_ALL, NULL, &all);
        while (!r && bson_iter_next(&operators)) {
                size_t before = matcher_context_enter(context, ".%s", bson_iter_key(&operators));
                MatcherNode *node;

                operand.value = operators;
                r = compile_operator(context, bson_iter_key(&operators), &operand, &node);
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
