#pragma once

#include <bson/bson.h>
#include <sys/queue.h>

#include "common/alloc.h"

/*
 * Job records that the store holds and nobody understands: written by a newer version, changed by hand, damaged. They
 * are left as they are, shown, and nobody may take their names. Thread: the loop's.
 */

typedef struct Unreadable Unreadable;
typedef struct UnreadableList UnreadableList;

struct Unreadable {
        TAILQ_ENTRY(Unreadable) entry;
        char *name; /* "" where it has none */
        char *id;   /* hex, or whatever it is as Extended JSON */
        char *why;
};

TAILQ_HEAD(UnreadableList, Unreadable);

/* Remembers @record, tells the journal of it. @why is copied. Without memory the journal is all there is. */
void unreadable_add(UnreadableList *list, const bson_t *record, const char *why);

/* One of that name or id, or NULL. */
const Unreadable *unreadable_find(const UnreadableList *list, const char *name);

/* Empties the list. */
void unreadable_clear(UnreadableList *list);
