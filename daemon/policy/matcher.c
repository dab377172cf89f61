/* Evaluates MongoDB filters where no server does. */

#include "daemon/policy/matcher.h"

#include <errno.h>

#include "daemon/policy/matcher_compile.h"

struct Matcher {
        bson_t *filter; /* what the nodes point into */
        MatcherNode *root;
};

int matcher_new(const bson_t *filter, Matcher **ret_matcher, UserError *error) {
        _cleanup_(matcher_freep) Matcher *matcher = calloc(1, sizeof(*matcher));
        int r;

        if (!matcher)
                return -ENOMEM;

        matcher->filter = bson_copy(filter);
        r = matcher_compile(matcher->filter, &matcher->root, error);
        if (r)
                return error_trace(r);

        *ret_matcher = TAKE_PTR(matcher);
        return 0;
}

Matcher *matcher_free(Matcher *matcher) {
        if (!matcher)
                return NULL;

        matcher_node_free(matcher->root);
        bson_destroy(matcher->filter);
        free(matcher);
        return NULL;
}

bool matcher_matches(const Matcher *matcher, const bson_t *document) {
        return matcher_node_matches(matcher->root, document);
}
