/* Keeps the lease on the store's jobs. */

#include "daemon/job/lease.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/event.h"
#include "common/timeutil.h"

#define LOOK_AGAIN_US USEC_PER_SEC

/* One question to the store: to take the lease or to renew it. */
struct LeaseCall {
        StoreWork work;
        Lease *lease;
        StoreOwner owner;
        bool renews;
        uint64_t sent_us; /* by the worker, for each try */
        StoreLease other;
        ProcessFate fate; /* of whom `other` names */
};

static int run_take(LeaseCall *call, Store *store, StoreFailure *failure) {
        int r;

        r = store_lease_take(store, &call->owner, NULL, &call->other, failure);
        if (r != STORE_E_HELD)
                return r;

        call->fate = process_id_look(&call->other.process);
        if (call->fate != PROCESS_ENDED)
                return r;

        return store_lease_take(store, &call->owner, &call->other.owner, &call->other, failure);
}

static int run_call(StoreWork *work, Store *store) {
        LeaseCall *call = (LeaseCall *)work;

        call->sent_us = time_boot_us();
        return call->renews ? store_lease_renew(store, &call->owner, &work->failure)
                            : run_take(call, store, &work->failure);
}

static void ask_in(Lease *lease, uint64_t delay_us) {
        struct timeval delay = time_as_timeval(delay_us);

        event_add(lease->timer, &delay);
}

static void renewed(Lease *lease, uint64_t sent_us) {
        uint64_t length_us = lease->owner.length_us;

        store_link_open(lease->services->link, sent_us + length_us, sent_us + length_us / 2);
        lease->complained = false;
        ask_in(lease, length_us / 3);
        services_kick(lease->services);
        if (lease->held)
                return;

        lease->held = true;
        lease->taken(lease->userdata);
}

static void give_up(Lease *lease, UserError *why) {
        LogEntry entry;

        log_entry_begin(&entry, &events[EVENT_LEASE_LOST]);
        log_field(&entry, "STORE", "%s", store_address(lease->services->link->store));
        log_entry_send(&entry, "ending, as the jobs of this store are another daemon's");
        store_link_open(lease->services->link, 0, 0);
        lease->held = false;
        lease->lost(why, lease->userdata);
}

static void lose(Lease *lease) {
        UserError why = {};

        user_error_set(&why, NULL, "only one reqd at a time can be at work on a store",
                "the jobs of %s have been taken over by another reqd, as this one did not renew its lease in "
                "time",
                store_address(lease->services->link->store));
        give_up(lease, &why);
}

static void refuse(Lease *lease, const StoreLease *other) {
        char since[TIME_RFC3339_SIZE];
        UserError why = {};

        user_error_set(&why, NULL, "end that one first, or name another store",
                "another reqd is at work on the jobs of %s: process %d on %s, since %s",
                store_address(lease->services->link->store), (int)other->process.pid, other->process.host,
                time_format_rfc3339(other->since_ms, since));
        give_up(lease, &why);
}

static bool lives(const Lease *lease, const LeaseCall *call) {
        if (call->fate == PROCESS_RUNS)
                return true;

        return lease->watching && (!bson_oid_equal(&call->other.owner, &lease->other.owner) ||
                                          call->other.renewed_ms != lease->other.renewed_ms);
}

static void found_other(Lease *lease, const LeaseCall *call) {
        StoreFailure failure = {};

        if (lives(lease, call)) {
                refuse(lease, &call->other);
                return;
        }

        snprintf(failure.message, sizeof(failure.message),
                "process %d on %s has the lease on the jobs; it is taken over unless that one renews it",
                (int)call->other.process.pid, call->other.process.host);
        if (!lease->watching)
                log_notice("%s", failure.message);
        lease->watching = true;
        lease->other = call->other;
        lease->services->link->failure = failure;
        lease->waits(&failure, lease->userdata);
        ask_in(lease, LOOK_AGAIN_US);
}

static void failed(Lease *lease, const StoreFailure *failure) {
        if (!lease->complained)
                log_warning("the lease on the store's jobs is refused: %s", failure->message);
        lease->complained = true;
        lease->services->link->failure = *failure;
        if (!lease->held)
                lease->waits(failure, lease->userdata);
        ask_in(lease, LOOK_AGAIN_US);
}

static void call_done(StoreWork *work, int r) {
        LeaseCall *call = (LeaseCall *)work;
        Lease *lease = call->lease;

        if (r == 0)
                renewed(lease, call->sent_us);
        else if (r == STORE_E_HELD && call->renews)
                lose(lease);
        else if (r == STORE_E_HELD)
                found_other(lease, call);
        else
                failed(lease, &work->failure);
        free(call);
}

static void call_drop(StoreWork *work) {
        free(work);
}

static int ask(Lease *lease) {
        LeaseCall *call = calloc(1, sizeof(*call));

        if (!call)
                return -ENOMEM;

        *call = (LeaseCall) {
                .work = { .run = run_call, .done = call_done, .drop = call_drop },
                .lease = lease,
                .owner = lease->owner,
                .renews = lease->held,
        };
        store_link_submit(lease->services->link, WORK_LEASE, &call->work);
        return 0;
}

static void on_timer(int fd, short what, void *userdata) {
        Lease *lease = userdata;

        if (ask(lease))
                ask_in(lease, LOOK_AGAIN_US);
}

int lease_init(Lease *lease, uint64_t length_us) {
        StoreLink *link = lease->services->link;

        bson_oid_init(&lease->owner.id, NULL);
        process_id_self(&lease->owner.process);
        lease->owner.length_us = length_us ? length_us : LEASE_LENGTH_US;
        lease->timer = evtimer_new(lease->services->base, on_timer, lease);
        if (store_leases(link->store))
                store_link_open(link, 0, 0);

        return lease->timer ? 0 : -ENOMEM;
}

int lease_begin(Lease *lease) {
        if (store_leases(lease->services->link->store))
                return ask(lease);

        lease->taken(lease->userdata);
        return 0;
}

void lease_deinit(Lease *lease) {
        StoreLink *link = lease->services ? lease->services->link : NULL;
        StoreFailure failure;

        /* A store that is away would only keep us waiting: the next owner sees that we have ended. */
        if (lease->held && !link->away && store_lease_release(link->store, &lease->owner, &failure) > 0)
                log_warning("the lease on the store's jobs is not released: %s", failure.message);
        if (lease->timer)
                event_free(lease->timer);
        *lease = (Lease) {};
}
