#pragma once

#include <stddef.h>

#include "common/alloc.h"
#include "common/error.h"

/*
 * Where in a filter its compilation stands, for errors that name the place, and how deep. Only the
 * matcher's own files include this.
 */

typedef struct MatcherContext MatcherContext;

#define MATCHER_CONTEXT_DEPTH_MAX 100

struct MatcherContext {
        UserError *error;
        char where[256]; /* "filter.$and[1].price.$gt": cut where longer */
        size_t where_len;
        unsigned depth;
};

/* Goes into a part of the filter; matcher_context_leave() wants what this returns. */
size_t matcher_context_enter(MatcherContext *context, const char *format, ...) _printf_(2, 3);
void matcher_context_leave(MatcherContext *context, size_t before);

/* Counts a level of nesting: 0, or -EINVAL with the error filled. */
int matcher_context_descend(MatcherContext *context);
void matcher_context_ascend(MatcherContext *context);

/* Fill the error about the part where the compilation stands, and return -EINVAL. */
int matcher_context_wrong(MatcherContext *context, const char *what);
int matcher_context_unsupported(MatcherContext *context);
