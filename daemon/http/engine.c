/* Carries out many HTTP exchanges at once: the public face, which shard a transfer runs in, completions. */

#include "daemon/http/engine.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/http/origin.h"
#include "daemon/http/shard.h"
#include "daemon/http/transfer.h"

#define POOL_MIN 64 /* handles kept however little is under way */

struct Engine {
        uint32_t max_in_flight;
        uint32_t in_flight;
        char *ca_file; /* `transfers` points to these */
        char *user_agent;
        char *proxy;
        bool curl_ready; /* curl_global_init() is ours to undo */
        bool origins_ready;
        OriginTable origins;
        TransferSetup transfers;
        ShardSetup setup;
        Shard **shards; /* each made when it is needed first */
        uint32_t n_shards;
        uint32_t n_reserved; /* places for shards */
        TransferList pool;
        uint32_t n_pooled;
};

static void trim_pool(Engine *engine) {
        uint32_t most = engine->in_flight > POOL_MIN ? engine->in_flight : POOL_MIN;

        while (engine->n_pooled > most) {
                Transfer *transfer = TAILQ_LAST(&engine->pool, TransferList);

                TAILQ_REMOVE(&engine->pool, transfer, link);
                engine->n_pooled--;
                transfer_free(transfer);
        }
}

static void recycle(Engine *engine, Transfer *transfer) {
        bool small = transfer_reset(transfer);

        http_origin_unref(TAKE_PTR(transfer->origin));
        if (!small) {
                transfer_free(transfer);
                return;
        }

        TAILQ_INSERT_HEAD(&engine->pool, transfer, link); /* the warmest is the next to be used */
        engine->n_pooled++;
        trim_pool(engine);
}

static int take_transfer(Engine *engine, Transfer **ret_transfer) {
        Transfer *transfer = TAILQ_FIRST(&engine->pool);

        if (!transfer)
                return error_trace(transfer_new(&engine->transfers, ret_transfer));

        TAILQ_REMOVE(&engine->pool, transfer, link);
        engine->n_pooled--;
        *ret_transfer = transfer;
        return 0;
}

/* The place is free again before the callback, which may want it at once. */
static void on_ended(TransferList *ended, void *userdata) {
        Engine *engine = userdata;
        Transfer *transfer;

        while ((transfer = TAILQ_FIRST(ended))) {
                TAILQ_REMOVE(ended, transfer, link);
                origin_give_slot(transfer->origin, transfer->slot);
                engine->in_flight--;
                transfer->done(&transfer->run.response, transfer->userdata);
                recycle(engine, transfer);
        }
}

/*
 * One origin fills shard after shard, beginning at one of its own: the same low slots, and so the same
 * connections, are used again and again. Spreading at random would keep connections open everywhere.
 */
static int shard_of(Engine *engine, const HttpOrigin *origin, uint32_t slot, Shard **ret_shard) {
        uint32_t i = (origin->hash % engine->n_shards + slot / SHARD_SLOTS) % engine->n_shards;
        int r;

        if (!engine->shards[i]) {
                r = shard_new(&engine->setup, &engine->shards[i]);
                if (r)
                        return error_trace(r);
        }

        *ret_shard = engine->shards[i];
        return 0;
}

static int start_in_slot(Engine *engine, Transfer *transfer, uint32_t slot) {
        Shard *shard = NULL;
        int r = shard_of(engine, transfer->origin, slot, &shard);

        if (!r)
                r = shard_start(shard, transfer);
        if (r) {
                origin_give_slot(transfer->origin, slot);
                return error_trace(r);
        }

        transfer->slot = slot;
        return 0;
}

int engine_start(
        Engine *engine, HttpOrigin *origin, const HttpRequest *request, http_done_fn done, void *userdata) {
        Transfer *transfer;
        uint32_t slot = 0;
        int r;

        if (engine->in_flight >= engine->max_in_flight)
                return error_trace(-EBUSY);

        r = take_transfer(engine, &transfer);
        if (r)
                return error_trace(r);

        transfer->done = done;
        transfer->userdata = userdata;
        r = transfer_prepare(transfer, origin_ref(origin), request);
        if (!r)
                r = origin_take_slot(origin, &slot);
        if (!r)
                r = start_in_slot(engine, transfer, slot);
        if (r) {
                recycle(engine, transfer);
                return error_trace(r);
        }

        engine->in_flight++;
        return 0;
}

uint32_t engine_in_flight(const Engine *engine) {
        return engine->in_flight;
}

void engine_on_lookup_ended(Engine *engine, void (*ended)(void *userdata), void *userdata) {
        engine->origins.lookup_ended = ended;
        engine->origins.userdata = userdata;
}

int engine_origin(Engine *engine, const char *url, HttpOrigin **ret_origin, UserError *error) {
        return origin_table_find(&engine->origins, url, ret_origin, error);
}

static uint32_t shards_for(uint32_t max_in_flight) {
        return max_in_flight ? (max_in_flight + SHARD_SLOTS - 1) / SHARD_SLOTS : 1;
}

int engine_reserve(Engine *engine, uint32_t max_in_flight) {
        uint32_t n = shards_for(max_in_flight);
        Shard **shards;

        if (n <= engine->n_reserved)
                return 0;

        shards = reallocarray(engine->shards, n, sizeof(*shards));
        if (!shards)
                return error_trace(-ENOMEM);

        memset(shards + engine->n_reserved, 0, (n - engine->n_reserved) * sizeof(*shards));
        engine->shards = shards;
        engine->n_reserved = n;
        return 0;
}

/*
 * More shards, but never fewer: what is at work in one stays there. The same slots then lead elsewhere, which
 * costs an origin a few new connections.
 */
void engine_set_max_in_flight(Engine *engine, uint32_t max_in_flight) {
        uint32_t n = shards_for(max_in_flight);

        if (n > engine->n_shards)
                engine->n_shards = n;
        engine->max_in_flight = max_in_flight;
}

static int copy_string(const char *string, char **ret_copy) {
        if (!string)
                return 0;

        *ret_copy = strdup(string);
        return *ret_copy ? 0 : -ENOMEM;
}

/* One cache of names for all shards; this is one thread, so that it needs no locks. */
static int setup_transfers(Engine *engine, const EngineOptions *options) {
        if (copy_string(options->ca_file, &engine->ca_file) || copy_string(options->proxy, &engine->proxy) ||
                copy_string(options->user_agent, &engine->user_agent))
                return -ENOMEM;

        engine->transfers = (TransferSetup) {
                .ca_file = engine->ca_file,
                .user_agent = engine->user_agent,
                .proxy = engine->proxy,
                .egress = options->egress,
                .share = curl_share_init(),
        };
        if (!engine->transfers.share ||
                curl_share_setopt(engine->transfers.share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS))
                return -ENOMEM;

        return 0;
}

static int setup_shards(Engine *engine, struct event_base *base, const EngineOptions *options) {
        int r = engine_reserve(engine, options->max_in_flight);

        if (r)
                return r;

        engine->setup = (ShardSetup) {
                .base = base,
                .max_idle = options->max_idle,
                .ended = on_ended,
                .userdata = engine,
        };

        engine_set_max_in_flight(engine, options->max_in_flight);
        return 0;
}

int engine_new(struct event_base *base, const EngineOptions *options, Engine **ret_engine) {
        _cleanup_(engine_freep) Engine *engine = calloc(1, sizeof(*engine));
        int r;

        if (!engine)
                return -ENOMEM;

        TAILQ_INIT(&engine->pool);
        engine->curl_ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
        if (!engine->curl_ready)
                return error_trace(-ENOMEM);

        r = origin_table_init(&engine->origins, options->proxy);
        engine->origins_ready = !r;
        if (!r)
                r = setup_transfers(engine, options);
        if (!r)
                r = setup_shards(engine, base, options);
        if (r)
                return error_trace(r);

        *ret_engine = TAKE_PTR(engine);
        return 0;
}

static void free_pool(Engine *engine) {
        Transfer *transfer;

        while ((transfer = TAILQ_FIRST(&engine->pool))) {
                TAILQ_REMOVE(&engine->pool, transfer, link);
                transfer_free(transfer);
        }
}

/* Handles before what they share, and both before the origins that a lookup under way belongs to. */
Engine *engine_free(Engine *engine) {
        if (!engine)
                return NULL;

        for (uint32_t i = 0; engine->shards && i < engine->n_shards; i++)
                shard_free(engine->shards[i]);
        free(engine->shards);
        free_pool(engine);
        if (engine->transfers.share)
                curl_share_cleanup(engine->transfers.share);
        if (engine->origins_ready)
                origin_table_deinit(&engine->origins);
        if (engine->curl_ready)
                curl_global_cleanup();

        free(engine->ca_file);
        free(engine->user_agent);
        free(engine->proxy);
        free(engine);
        return NULL;
}
