/* Walks dotted paths through documents and arrays. */

#include "daemon/policy/matcher_path.h"

#include <errno.h>
#include <string.h>

#include "common/alloc.h"

/* One walk: what stays the same over all its steps. */
typedef struct Walk {
        MatcherPathTest test;
        void *context;
} Walk;

int matcher_path_init(MatcherPath *path, const char *text) {
        size_t n = 1;

        for (const char *p = text; *p; p++)
                n += *p == '.';

        *path = (MatcherPath) { .text = strdup(text), .parts = calloc(n, sizeof(char *)), .n_parts = n };
        if (!path->text || !path->parts) {
                matcher_path_deinit(path);
                return -ENOMEM;
        }

        /* strsep() and not strtok(): "a..b" has an empty part, which is a name too. */
        for (char *rest = path->text, **part = path->parts; rest; part++)
                *part = strsep(&rest, ".");

        return 0;
}

void matcher_path_deinit(MatcherPath *path) {
        free(path->text);
        free(path->parts);
        *path = (MatcherPath) {};
}

static bool walk_array(const Walk *walk, bson_iter_t array, char *const *parts, size_t n);

/* The end of a path: the elements of an array, then the value itself. */
static bool test_leaf(const Walk *walk, bson_iter_t *leaf) {
        bson_iter_t element;

        if (bson_iter_type(leaf) == BSON_TYPE_ARRAY && bson_iter_recurse(leaf, &element))
                while (bson_iter_next(&element))
                        if (walk->test(bson_iter_value(&element), walk->context))
                                return true;

        return walk->test(bson_iter_value(leaf), walk->context);
}

static bool walk_document(const Walk *walk, bson_iter_t document, char *const *parts, size_t n) {
        bson_iter_t child;

        if (!bson_iter_find(&document, parts[0]))
                return walk->test(NULL, walk->context);
        if (n == 1)
                return test_leaf(walk, &document);

        if (bson_iter_type(&document) == BSON_TYPE_DOCUMENT && bson_iter_recurse(&document, &child))
                return walk_document(walk, child, parts + 1, n - 1);
        if (bson_iter_type(&document) == BSON_TYPE_ARRAY && bson_iter_recurse(&document, &child))
                return walk_array(walk, child, parts + 1, n - 1);

        return walk->test(NULL, walk->context);
}

/* The element whose index the path names: it is meant by itself, an array is not opened at a path's end. */
static bool walk_indexed(const Walk *walk, bson_iter_t *element, char *const *parts, size_t n) {
        bson_iter_t child;

        if (n == 1)
                return walk->test(bson_iter_value(element), walk->context);
        if (bson_iter_type(element) == BSON_TYPE_DOCUMENT && bson_iter_recurse(element, &child))
                return walk_document(walk, child, parts + 1, n - 1);
        if (bson_iter_type(element) == BSON_TYPE_ARRAY && bson_iter_recurse(element, &child))
                return walk_array(walk, child, parts + 1, n - 1);

        return false;
}

/*
 * An array in the middle of a path: each of its documents is entered, other elements only by their
 * index. So an array without any document leads nowhere, not even to "missing".
 */
static bool walk_array(const Walk *walk, bson_iter_t array, char *const *parts, size_t n) {
        while (bson_iter_next(&array)) {
                bson_iter_t child;

                if (bson_iter_type(&array) == BSON_TYPE_DOCUMENT && bson_iter_recurse(&array, &child) &&
                        walk_document(walk, child, parts, n))
                        return true;
                if (strcmp(bson_iter_key(&array), parts[0]) == 0 && walk_indexed(walk, &array, parts, n))
                        return true;
        }

        return false;
}

bool matcher_path_any(const MatcherPath *path, const bson_t *document, MatcherPathTest test, void *context) {
        const Walk walk = { .test = test, .context = context };
        bson_iter_t iter;

        if (!bson_iter_init(&iter, document))
                return false;

        return walk_document(&walk, iter, path->parts, path->n_parts);
}
