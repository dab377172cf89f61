#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "common/alloc.h"
#include "daemon/store/store.h"
#include "daemon/system/workers.h"

/*
 * The flows' way to the store: hands calls to the workers, and makes those that found the store away again
 * until it is back, so that nobody else has to. Calls that wait for it lose their order.
 *
 * Thread: the loop's, callbacks too; only `run` is a worker's. Nothing here blocks.
 */

struct event;
struct event_base;

typedef struct StoreLink StoreLink;
typedef struct StoreWork StoreWork;

/*
 * First member of an item that makes one call of the store. The item owns what it passes and what it gets, or
 * points to what stays as it is until `done` or `drop`.
 */
struct StoreWork {
        Work work;
        /* Returns what the store_*() function returned; it may be called several times. */
        int (*run)(StoreWork *work, Store *store);
        /* @r: 0, STORE_E_REFUSED, a negative code, and STORE_E_AWAY only with `once`. Frees the item. */
        void (*done)(StoreWork *work, int r);
        void (*drop)(StoreWork *work); /* instead of `done` when the daemon ends first: frees the item */
        bool once;                     /* a client waits: do not wait for an absent store, tell */
        StoreFailure failure;          /* for `run` to fill; where it did not, made from a negative @r */

        StoreLink *link;
        WorkLane lane;
        bool absent; /* it found the store away, and has had no answer since */
        int r;
        TAILQ_ENTRY(StoreWork) entry;
};

struct StoreLink {
        Store *store;
        Workers *workers;
        _Atomic uint64_t open_until_us; /* CLOCK_BOOTTIME; see store_link_open() */
        uint64_t start_until_us;
        struct event *again; /* when to ask an absent store again */
        uint64_t backoff_us;
        size_t n_absent;                 /* calls that found the store away and have had no answer since */
        bool away;                       /* there are some */
        StoreFailure failure;            /* the last complaint while `away` */
        TAILQ_HEAD(, StoreWork) waiting; /* calls to be made again */
        void (*changed)(void *userdata); /* `away` changed */
        void *userdata;
};

/* The pointers outlive the link. @changed: `away` has changed. Returns 0 or -ENOMEM. */
int store_link_init(StoreLink *link, struct event_base *base, Store *store, Workers *workers,
        void (*changed)(void *userdata), void *userdata);

/* Drops the calls that wait; those that run must have ended (workers_free()). */
void store_link_deinit(StoreLink *link);

/*
 * Until when calls are made, but those of WORK_LEASE, and until when requests may start, both CLOCK_BOOTTIME; as it
 * is made a link is open for good. A call that comes later, or lay waiting so long, finds the store away.
 */
void store_link_open(StoreLink *link, uint64_t until_us, uint64_t start_until_us);

/* Requests may start: their answers can be stored. */
bool store_link_lets_start(const StoreLink *link);

/*
 * Makes the call on a thread of @lane. @work's run, done, drop and once are set by the caller; it stays alive
 * until its `done`, which is never called before this returns.
 */
void store_link_submit(StoreLink *link, WorkLane lane, StoreWork *work);
