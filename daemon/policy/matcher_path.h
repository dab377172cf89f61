#pragma once

#include <bson/bson.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Dotted paths with MongoDB's meaning: "a.b" goes through documents, through every document of an
 * array on the way, and by index ("a.0"); at its end an array stands for each of its elements and
 * for itself. Pure, any thread.
 */

typedef struct MatcherPath MatcherPath;

struct MatcherPath {
        char *text; /* owned; the dots are NULs */
        char **parts;
        size_t n_parts;
};

/* Is given each value that the path leads to, or NULL where it leads to nothing. True ends the walk. */
typedef bool (*MatcherPathTest)(const bson_value_t *value, void *context);

/* Returns 0 or -ENOMEM. */
int matcher_path_init(MatcherPath *path, const char *text);
void matcher_path_deinit(MatcherPath *path);

/* Whether @test says true for any value that @path leads to in @document. */
bool matcher_path_any(const MatcherPath *path, const bson_t *document, MatcherPathTest test, void *context);
