#pragma once

#include <stdint.h>

#include "common/alloc.h"
#include "daemon/http/transfer.h"

/*
 * One curl multi on the event loop. What one transfer costs grows with the handles in its multi, so there
 * are many shards with few handles each.
 *
 * Callbacks of curl only note what they are told. A shard acts from its own events: it lets curl work, then
 * takes out what has ended and hands that on. The multi exists while there is something to do, and a little
 * longer for the sake of its connections. Thread: the loop's.
 */

struct event_base;

typedef struct Shard Shard;
typedef struct ShardSetup ShardSetup;

#define SHARD_SLOTS 128 /* handles that are cheap together; a few more do no harm */

/*
 * Gets what has ended, concluded and out of the multi, from an event of the shard's and never from within
 * shard_start(). The list is the callee's to empty. It may start further transfers.
 */
typedef void (*shard_ended_fn)(TransferList *ended, void *userdata);

/* What all shards of an engine share; outlives them. */
struct ShardSetup {
        struct event_base *base;
        uint32_t max_idle; /* idle connections, all shards together */
        uint32_t n_open;   /* shards that have a multi: they divide `max_idle` */
        shard_ended_fn ended;
        void *userdata;
};

/* Returns 0 or -ENOMEM. */
int shard_new(ShardSetup *setup, Shard **ret_shard);

/* Frees the transfers that are still under way, too. Accepts NULL. */
Shard *shard_free(Shard *shard);
DEFINE_FREEP(Shard, shard);

/* Starts a prepared transfer, which is then the shard's until it has ended. Returns 0 or -ENOMEM. */
int shard_start(Shard *shard, Transfer *transfer);
