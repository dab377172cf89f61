#pragma once

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "common/error.h"
#include "daemon/http/engine.h"
#include "daemon/http/http_origin.h"

/*
 * Origins as the engine keeps them: who holds them, which of their slots are taken, whether the address behind
 * their name is known, and what their answers mean for the next requests.
 *
 * An origin nobody holds is remembered for a while, the latest ORIGIN_UNHELD_MAX of them, because what is
 * known of its name is worth a lookup. Those that are to be left alone are kept apart and longer, or whoever
 * finds such a one again would ask it too early; the bound, some 20 MiB, is against a collection that names ever
 * new ones. Thread: the loop's.
 */

typedef struct OriginList OriginList;
typedef struct OriginName OriginName;
typedef struct OriginTable OriginTable;

#define ORIGIN_UNHELD_MAX 1024
#define ORIGIN_CLOSED_MAX (64 * 1024)               /* unheld and to be left alone */
#define ORIGIN_LOOKUPS_MAX 32                       /* each is a thread of curl's */
#define ORIGIN_NAME_AGE_US (UINT64_C(60) * 1000000) /* then the name is looked up again */
#define ORIGIN_NAME_AGE_S 60L

/* A host name that has to be looked up before connections can be made. */
struct OriginName {
        bool literal; /* an address: there is nothing to look up */
        bool under_way;
        uint64_t known_us; /* when it was found last; 0: never */
};

TAILQ_HEAD(OriginList, HttpOrigin);

struct HttpOrigin {
        OriginTable *table;
        char *name;
        uint32_t hash;
        uint32_t refs;
        uint64_t *taken; /* a bit for each slot */
        uint32_t n_taken_words;
        uint32_t first_free_word; /* all words before it are full */
        OriginName own;
        OriginName *lookup; /* `own`, or that of the proxy: then nothing else is looked up here */
        OriginPace pace;
        TAILQ_HEAD(, HttpOriginWatch) watches;
        OriginList *unheld_in; /* that it stands in, or NULL while it is held */
        TAILQ_ENTRY(HttpOrigin) unheld;
};

struct OriginTable {
        void *tree; /* search.h, by name */
        CURLU *parser;
        OriginList unheld; /* the longest unheld first */
        OriginList closed; /* likewise, of those to be left alone when they were held last */
        uint32_t n_unheld;
        uint32_t n_closed;
        uint32_t n_lookups;                   /* under way */
        void (*lookup_ended)(void *userdata); /* or NULL */
        void *userdata;
        bool proxied;
        OriginName proxy;
};

/*
 * @proxy: NULL, or the http or https proxy that every exchange will go through.
 * Returns 0, -ENOMEM, or -EINVAL for a proxy that is no such URL. A failed init needs no deinit.
 */
int origin_table_init(OriginTable *table, const char *proxy);
void origin_table_deinit(OriginTable *table);

/* See engine_origin(). */
int origin_table_find(OriginTable *table, const char *url, HttpOrigin **ret_origin, UserError *error);

/* Whether @url leads to this very origin; false where it is no URL. */
bool origin_is_of(HttpOrigin *origin, const char *url);

HttpOrigin *origin_ref(HttpOrigin *origin);

/* Tells those who watch @origin that it is worth asking again whether it is ready. */
void origin_changed(HttpOrigin *origin);

/* Takes the lowest free slot, so that few connections stay warm. Returns 0 or -ENOMEM. */
int origin_take_slot(HttpOrigin *origin, uint32_t *ret_slot);
void origin_give_slot(HttpOrigin *origin, uint32_t slot);

/*
 * Whether an exchange that starts now has to look the name up, because it is not known or has grown old.
 * Where it returns true, the origin is not ready until origin_end_lookup().
 */
bool origin_begin_lookup(HttpOrigin *origin, uint64_t now_us);

/* @found_us: when the address was found; 0: it was not. Calls the origin's watches, and `lookup_ended`. */
void origin_end_lookup(HttpOrigin *origin, uint64_t found_us);
