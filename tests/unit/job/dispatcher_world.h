#pragma once

#include "daemon/job/dispatcher.h"
#include "daemon/http/origin.h"
#include "daemon/job/store_link.h"
#include "daemon/store/store_ops.h"
#include "common/timeutil.h"

/*
 * What a dispatcher stands on where the engine, the threads that parse, the writer and the clock are the test's own, so
 * that every moment can be chosen: two jobs that ask the same origins. Everything asserts where it fails.
 */

#define START (1000 * USEC_PER_SEC)
#define SIDES 2
#define DOCUMENTS 400 /* of each side */
#define ORIGINS 6
#define UNDER_WAY_MAX 256
#define LARGE (80 * 1024) /* a body that is parsed elsewhere */

typedef struct Flight Flight;
typedef struct Side Side;
typedef struct World World;

/* An exchange under way. */
struct Flight {
        HttpOrigin *origin;
        bool looking_up;
        http_done_fn done;
        void *userdata;
};

/* A job, as far as it sends. */
struct Side {
        JobSpec *spec;
        Queue queue;
        Writer writer;
        Pacing pacing;
        Histogram latency;
        Meter ended, outcomes;
        FailureDigest failures;
        FailureStop stop;
        Dispatcher dispatcher;
        Watermark watermark;
        Feeder feeder; /* reads nothing itself */
        int32_t n_read;
        unsigned n_outcomes[DOCUMENTS];
        bool paused;
};

struct World {
        uint64_t now_us;
        uint64_t random;
        OriginTable table;
        Store store;
        StoreLink link;
        OriginEvents events;
        Services services;
        Side sides[SIDES];
        Flight flights[UNDER_WAY_MAX];
        size_t n_flights;
        Work *parsing[UNDER_WAY_MAX];
        size_t n_parsing;
        unsigned kicks;
        uint64_t wait_us; /* until somebody looks again; 0: until something happens */
        int engine_fails; /* what the engine returns instead of an origin, or of a beginning */
        unsigned mood[ORIGINS];
};

extern World *world; /* what stands in for others has no argument for it */

/* For cmocka. */
int dispatcher_world_setup(void **state);
int dispatcher_world_teardown(void **state);

/* Every other origin is an address; the names of the others have to be looked up. */
void dispatcher_world_url(unsigned origin, char *url, size_t size);

/* One more document of that origin is in the queue. */
void side_read(Side *side, unsigned origin);

/* Starts a request, if one may. */
bool side_start(Side *side);

/* The exchange at place @i has ended so; the last one takes its place. Likewise with what is parsed. */
void dispatcher_world_answer(size_t i, const HttpResponse *response);
void dispatcher_world_parse(size_t i);

/* An answer that is parsed by a worker. */
HttpResponse dispatcher_world_large(void);
