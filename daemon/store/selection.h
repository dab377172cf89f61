#pragma once

#include <bson/bson.h>
#include <stdbool.h>

#include "common/alloc.h"
#include "daemon/policy/matcher.h"
#include "daemon/store/store.h"

/*
 * A StoreQuery, copied, for the kinds of store that evaluate it themselves; only daemon/store/
 * includes this. A Selection does not change once it is made; it may be used by any one thread.
 */

typedef struct Selection Selection;

struct Selection {
        StoreSelection kind;
        char *collection;
        char *field; /* NULL where STORE_SELECT_ALL named none */
        char *meta;
        bson_oid_t job;
        int32_t generation;
        bool resume;
        Matcher *matcher; /* NULL: all documents */
        bson_t *retry;    /* NULL: all failed ones */
        char **fields;    /* NULL: whole documents */
};

/* Returns 0; STORE_E_REFUSED for a filter that store_check_filter() would refuse; -ENOMEM. */
int selection_new(const StoreQuery *query, Selection **ret_selection);
Selection *selection_free(Selection *selection);
DEFINE_FREEP(Selection, selection);

/* Whether the filter takes @document, which is as MongoDB would show it: with what jobs have stored. */
bool selection_matches(const Selection *selection, const bson_t *document);

/* Whether the retry's own predicate takes a failure. @reason: its name, or NULL. */
bool selection_retries(const Selection *selection, const char *reason, int64_t status);

/* The row's document: _id first, then the projected fields. Takes over @document, may return it. */
bson_t *selection_project(const Selection *selection, bson_t *document);

/* Whether reading needs a top-level field: a filter is taken to look at all of them. */
bool selection_needs(const Selection *selection, const char *name);

/* Finds a top-level field; dots in its name mean nothing. */
bool selection_find(const bson_t *document, const char *name, bson_iter_t *ret_iter);

/* What store_check_filter() and store_count() promise, for these kinds of store. */
int selection_check_filter(const bson_t *filter, StoreFailure *failure);
int selection_count(Store *store, const StoreQuery *query, uint64_t *ret_count, StoreFailure *failure);
