#pragma once

#include <bson/bson.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/job/queue.h"
#include "daemon/job/services.h"
#include "daemon/job/watermark.h"
#include "daemon/measure/tally.h"

/*
 * Reads pages of pending documents into the queue (the script's boss): one read at a time, on a worker, when
 * half of the queue is free. After a restart it meets documents that have their outcome already, and counts
 * those; where somebody must know before how many they are, it looks ahead for them first. Thread: the loop's;
 * nothing calls back before it returns, and nothing blocks unless it says so.
 */

typedef struct Feeder Feeder;
typedef struct FeederRead FeederRead;

struct event;

struct Feeder {
        const Services *services;
        Queue *queue;
        Watermark *watermark;
        Tally *tally; /* where answered documents are counted, as they are met or were found ahead */
        StoreReader *reader;
        StoreReader *ahead; /* looks for what has its outcome behind the last row, or NULL */
        StoreTarget target;
        FeederRead *read;    /* under way, or NULL */
        StorePage *page;     /* read, but not taken wholly for lack of memory; nothing is read before */
        size_t taken;        /* rows of it */
        struct event *again; /* when to go on after that */
        Tally answered;      /* of the documents met that had their outcome */
        Tally found_ahead;   /* the same, with those found by looking ahead */
        bool resumes;        /* an earlier daemon has stored some outcomes */
        bool looks_ahead;    /* somebody must know all of those before they are met; for good */
        bool looked_ahead;   /* that is `found_ahead` */
        bool counts;         /* all that it reads is answered: nothing gets into the queue */
        bool ended;          /* reading has reached the end */
        bool resting;        /* the reader holds no cursor */
        bool refused;        /* the store answered no; nothing is read until feeder_again() */
        void (*refuse)(const StoreFailure *failure, void *userdata); /* @failure: during the call */
        void *userdata;
};

/*
 * @feeder is otherwise filled by the caller: services, queue, watermark, tally, resumes, counts, refuse,
 * userdata, all of which outlive it. @query is copied, but for the strings of its target, which outlive it, too;
 * with `counts` only its target is looked at. Returns what store_reader_new() returns, or -ENOMEM.
 */
int feeder_init(Feeder *feeder, const StoreQuery *query);

/*
 * No read is under way (feeder_idle()), or the workers have ended. A reader that does not rest may have a
 * word with its server first.
 */
void feeder_deinit(Feeder *feeder);

/* Starts a read if the queue wants documents and nothing stands against it; without memory it does so later. */
void feeder_run(Feeder *feeder);

/* Documents are being read, or will be by the next feeder_run(): an empty queue does not stay so. */
bool feeder_has_more(const Feeder *feeder);

/*
 * What an earlier daemon has stored of the generation, from where this one began; and whether that is known,
 * or only what was met of it so far. It gets known where somebody `looks_ahead`, once the queue is full, before
 * anything else is read; or at the end.
 */
const Tally *feeder_answered(const Feeder *feeder);
bool feeder_knows_answered(const Feeder *feeder);

/* Lets go of what the reader holds in the store, if no read is under way; the next read picks it up again. */
void feeder_rest(Feeder *feeder);

/* The next feeder_run() tries again although the store had refused. */
void feeder_again(Feeder *feeder);

/* No call of the store is under way. */
static inline bool feeder_idle(const Feeder *feeder) {
        return !feeder->read;
}
