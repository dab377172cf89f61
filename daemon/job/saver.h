#pragma once

#include <bson/bson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "daemon/job/services.h"

/*
 * Keeps a job's record in the store as it is in memory: one save at a time, always of the newest record,
 * again and again until the store has taken it. Whoever must know that a change is stored waits here. Thread:
 * the loop's; nothing here blocks.
 */

#define SAVER_PATIENCE_US UINT64_C(1000000) /* a waiter is told "not stored yet" after this */

struct event;

typedef struct Saver Saver;
typedef struct SaverSave SaverSave;
typedef struct SaverWaiter SaverWaiter;

/* Somebody who waits; made by saver_wait(), freed when told. */
struct SaverWaiter {
        TAILQ_ENTRY(SaverWaiter) entry;
        Saver *saver;
        uint64_t version;
        struct event *patience;
        void (*done)(void *userdata, bool stored);
        void *userdata;
};

struct Saver {
        const Services *services;
        /* Makes the present record, the saver's to free; NULL without memory. */
        bson_t *(*record)(void *userdata);
        /* Is told that the store refuses it, once until it has taken one; NULL: nobody. */
        void (*refuse)(const StoreFailure *failure, void *userdata);
        void *userdata;
        uint64_t wanted;     /* version of the record in memory */
        uint64_t stored;     /* version the store has */
        SaverSave *save;     /* under way, or NULL */
        bool refused;        /* the store answered no to the last save */
        struct event *again; /* when to save again after that */
        TAILQ_HEAD(, SaverWaiter) waiters;
};

/* services, record, refuse and userdata are the caller's to fill, and outlive it. Returns 0 or -ENOMEM. */
int saver_init(Saver *saver);

/* No save is under way (saver_idle()), or the workers have ended. Calls the waiters back: not stored. */
void saver_deinit(Saver *saver);

/* The record has changed: saves it now, or after the save that is under way or was refused. */
void saver_changed(Saver *saver);

/*
 * Calls @done once: with true when the store has the present record, with false when it is away or refuses,
 * or takes longer than SAVER_PATIENCE_US (it is stored later all the same), or without memory. May call back
 * before it returns. @userdata stays good until then.
 */
void saver_wait(Saver *saver, void (*done)(void *userdata, bool stored), void *userdata);

/* The store has gone away: calls back all who wait, with false. */
void saver_give_up(Saver *saver);

/* No save is under way. */
static inline bool saver_idle(const Saver *saver) {
        return !saver->save;
}

/* The store has the present record. */
static inline bool saver_clean(const Saver *saver) {
        return saver->stored == saver->wanted;
}
