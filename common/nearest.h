#pragma once

#include <stddef.h>

/*
 * The name that somebody who typed @typed most likely meant: the candidate with the least edit distance, if
 * that is small against its length. Case does not count. Pure, any thread.
 */

#define NEAREST_LENGTH_MAX 64 /* longer words have no nearest one */

typedef struct Nearest Nearest;

struct Nearest {
        const char *typed;
        const char *best; /* NULL: nothing is near */
        size_t distance;
};

/* `Nearest nearest = { .typed = word };`, then every candidate; @name must outlive @nearest. */
void nearest_try(Nearest *nearest, const char *name);
