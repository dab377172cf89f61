/* The flows' way to the store, and what is done while it is away. */

#include "daemon/job/store_link.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <string.h>

#include "common/event.h"
#include "common/timeutil.h"

#define BACKOFF_FIRST_US (100 * USEC_PER_MSEC)
#define BACKOFF_LAST_US (2 * USEC_PER_SEC)

static int fail_closed(StoreFailure *failure) {
        snprintf(failure->message, sizeof(failure->message), "the lease on its jobs is not ours at present");
        return STORE_E_AWAY;
}

static void run_work(Work *work) {
        StoreWork *item = (StoreWork *)work;

        item->failure = (StoreFailure) {}; /* of an earlier try */
        if (item->lane != WORK_LEASE && time_boot_us() >= atomic_load(&item->link->open_until_us)) {
                item->r = fail_closed(&item->failure);
                return;
        }

        item->r = item->run(item, item->link->store);
        if (item->r == STORE_E_HELD && item->lane != WORK_LEASE)
                item->r = fail_closed(&item->failure); /* the next renewal tells so, too, and is the end */
        if (item->r < 0 && !item->failure.message[0]) {
                item->failure.code = -item->r;
                snprintf(item->failure.message, sizeof(item->failure.message), "%s", strerror(-item->r));
        }
}

static void wait_for_store(StoreLink *link, StoreWork *item) {
        struct timeval delay;

        TAILQ_INSERT_TAIL(&link->waiting, item, entry);
        if (event_pending(link->again, EV_TIMEOUT, NULL))
                return;

        delay = time_as_timeval(link->backoff_us);
        event_add(link->again, &delay);
        link->backoff_us = link->backoff_us * 2 < BACKOFF_LAST_US ? link->backoff_us * 2 : BACKOFF_LAST_US;
}

static void submit_waiting(StoreLink *link) {
        TAILQ_HEAD(, StoreWork) waiting = TAILQ_HEAD_INITIALIZER(waiting);
        StoreWork *item;

        TAILQ_CONCAT(&waiting, &link->waiting, entry);
        while ((item = TAILQ_FIRST(&waiting))) {
                TAILQ_REMOVE(&waiting, item, entry);
                workers_submit(link->workers, item->lane, &item->work);
        }
}

static void tell(const StoreLink *link, EventId event, const char *message) {
        LogEntry entry;

        log_entry_begin(&entry, &events[event]);
        log_field(&entry, "STORE", "%s", store_address(link->store));
        log_entry_send(&entry, "%s%s", message, link->away ? link->failure.message : "");
}

static void set_away(StoreLink *link, StoreWork *item) {
        link->failure = item->failure;
        if (item->absent)
                return;

        item->absent = true;
        link->n_absent++;
        if (link->away)
                return;

        link->away = true;
        tell(link, EVENT_STORE_LOST, "the store does not answer: ");
        link->changed(link->userdata);
}

/*
 * A call that had found the store away got its answer: others that wait may get theirs. Only when all of them have
 * it, the store is back; a read that works says nothing about writes that do not.
 */
static void answered(StoreLink *link, StoreWork *item) {
        if (!item->absent)
                return;

        item->absent = false;
        link->n_absent--;
        event_del(link->again);
        submit_waiting(link);
        if (link->n_absent)
                return;

        link->away = false;
        link->backoff_us = BACKOFF_FIRST_US;
        tell(link, EVENT_STORE_BACK, "the store is back");
        link->changed(link->userdata);
}

static void work_done(Work *work) {
        StoreWork *item = (StoreWork *)work;
        StoreLink *link = item->link;

        if (item->r == STORE_E_AWAY && !item->once) {
                set_away(link, item);
                wait_for_store(link, item);
                return;
        }

        answered(link, item); /* a no is an answer, too */
        item->done(item, item->r);
}

static void drop_work(Work *work) {
        StoreWork *item = (StoreWork *)work;

        item->drop(item);
}

static void on_again(int fd, short what, void *userdata) {
        submit_waiting(userdata);
}

int store_link_init(StoreLink *link, struct event_base *base, Store *store, Workers *workers,
        void (*changed)(void *userdata), void *userdata) {

        *link = (StoreLink) {
                .store = store,
                .workers = workers,
                .backoff_us = BACKOFF_FIRST_US,
                .open_until_us = UINT64_MAX,
                .start_until_us = UINT64_MAX,
                .changed = changed,
                .userdata = userdata,
        };
        TAILQ_INIT(&link->waiting);
        link->again = evtimer_new(base, on_again, link);
        return link->again ? 0 : -ENOMEM;
}

void store_link_deinit(StoreLink *link) {
        StoreWork *item;

        while (link->store && (item = TAILQ_FIRST(&link->waiting))) {
                TAILQ_REMOVE(&link->waiting, item, entry);
                item->drop(item);
        }
        if (link->again)
                event_free(link->again);
        *link = (StoreLink) {};
}

void store_link_open(StoreLink *link, uint64_t until_us, uint64_t start_until_us) {
        atomic_store(&link->open_until_us, until_us);
        link->start_until_us = start_until_us;
}

bool store_link_lets_start(const StoreLink *link) {
        return link->start_until_us == UINT64_MAX || time_boot_us() < link->start_until_us;
}

void store_link_submit(StoreLink *link, WorkLane lane, StoreWork *work) {
        work->work.run = run_work;
        work->work.done = work_done;
        work->work.drop = drop_work;
        work->link = link;
        work->lane = lane;
        work->absent = false;
        workers_submit(link->workers, lane, &work->work);
}
