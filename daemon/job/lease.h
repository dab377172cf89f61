#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "daemon/job/services.h"

/*
 * Keeps the lease on the store's jobs, so that one daemon at a time is at work on them: takes it, renews it at a
 * third of its length, and lets the link to the store be used only while it holds. Half a length without a renewal,
 * and no request may start; a whole one, and no call of the store is made but to renew it.
 *
 * Who finds another owner gives up at once if that one runs on this machine, takes over at once if it is known to
 * have ended, and otherwise watches: an owner that renews lives, one that does not loses the lease when it runs out.
 * Times are CLOCK_BOOTTIME: a machine that slept has let its lease run out. Thread: the loop's; nothing here blocks
 * unless it says so.
 */

#define LEASE_LENGTH_US UINT64_C(30000000)

struct event;

typedef struct Lease Lease;
typedef struct LeaseCall LeaseCall;

struct Lease {
        const Services *services;
        StoreOwner owner;
        bool held;
        bool watching;    /* `other` may live or not */
        bool complained;  /* the store's refusal is in the log */
        StoreLease other; /* as it was when it was looked at last */
        struct event *timer;

        void (*taken)(void *userdata); /* once */
        /* It is not ours yet, for now, and why. @failure: during the call. */
        void (*waits)(const StoreFailure *failure, void *userdata);
        /* It is somebody else's for good: end. The link is closed. @why is taken over. */
        void (*lost)(UserError *why, void *userdata);
        void *userdata;
};

/*
 * services, taken, waits, lost and userdata are the caller's to fill, and outlive it. Closes the link of a store
 * that has leases until the lease is taken. @length_us: 0 for LEASE_LENGTH_US. Returns 0 or -ENOMEM.
 */
int lease_init(Lease *lease, uint64_t length_us);

/* Begins to ask for it, for as long as it takes. May call `taken` before it returns. Returns 0 or -ENOMEM. */
int lease_begin(Lease *lease);

/* The workers have ended. Releases what is held, which may block as long as a call of the store does. */
void lease_deinit(Lease *lease);
