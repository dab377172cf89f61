/* Keeps the place in a filter that an error should name. */

#include "daemon/policy/matcher_context.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SUPPORTED "use $eq $ne $gt $gte $lt $lte $in $nin $exists $type $regex $not $and $or $nor"

size_t matcher_context_enter(MatcherContext *context, const char *format, ...) {
        size_t before = context->where_len;
        va_list args;

        va_start(args, format);
        vsnprintf(context->where + before, sizeof(context->where) - before, format, args);
        va_end(args);
        context->where_len = before + strlen(context->where + before);
        return before;
}

void matcher_context_leave(MatcherContext *context, size_t before) {
        context->where_len = before;
        context->where[before] = '\0';
}

int matcher_context_descend(MatcherContext *context) {
        if (context->depth == MATCHER_CONTEXT_DEPTH_MAX)
                return matcher_context_wrong(context, "is nested too deeply");

        context->depth++;
        return 0;
}

void matcher_context_ascend(MatcherContext *context) {
        context->depth--;
}

int matcher_context_wrong(MatcherContext *context, const char *what) {
        return user_error_set(context->error, context->where, NULL, "%s", what);
}

int matcher_context_unsupported(MatcherContext *context) {
        return user_error_set(
                context->error, context->where, SUPPORTED, "is not supported by this kind of store");
}
