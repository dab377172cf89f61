/* Keeps a job's record in the store as it is in memory. */

#include "daemon/job/saver.h"

#include <errno.h>
#include <event2/event.h>

#include "common/error.h"
#include "common/fault.h"
#include "common/timeutil.h"

struct SaverSave {
        StoreWork work;
        Saver *saver;
        uint64_t version;
        bson_t *record;
};

static void submit(Saver *saver);

static void tell(SaverWaiter *waiter, bool stored) {
        TAILQ_REMOVE(&waiter->saver->waiters, waiter, entry);
        event_free(waiter->patience);
        waiter->done(waiter->userdata, stored);
        free(waiter);
}

static void tell_up_to(Saver *saver, uint64_t version, bool stored) {
        SaverWaiter *waiter, *next;

        for (waiter = TAILQ_FIRST(&saver->waiters); waiter; waiter = next) {
                next = TAILQ_NEXT(waiter, entry);
                if (waiter->version <= version)
                        tell(waiter, stored);
        }
}

static int run_save(StoreWork *work, Store *store) {
        int r;

        fault_point(FAULT_RECORDING);
        r = store_job_save(store, ((SaverSave *)work)->record, &work->failure);
        fault_point(FAULT_RECORDED);
        return r;
}

static void save_done(StoreWork *work, int r) {
        SaverSave *save = (SaverSave *)work;
        Saver *saver = save->saver;
        struct timeval later = { .tv_sec = 2 };
        uint64_t version = save->version;

        saver->save = NULL;
        bson_destroy(save->record);

        if (r) {
                if (!saver->refused && saver->refuse)
                        saver->refuse(&work->failure, saver->userdata);
                saver->refused = true;
                event_add(saver->again, &later);
                saver_give_up(saver);
        } else {
                saver->refused = false;
                saver->stored = version;
                tell_up_to(saver, version, true);
                if (!saver_clean(saver) && !saver->save) /* whoever was told may have changed it again */
                        submit(saver);
        }

        free(save);
        services_kick(saver->services);
}

static void save_drop(StoreWork *work) {
        bson_destroy(((SaverSave *)work)->record);
        free(work);
}

static void submit(Saver *saver) {
        struct timeval later = { .tv_sec = 2 };
        SaverSave *save = calloc(1, sizeof(*save));

        if (save)
                save->record = saver->record(saver->userdata);
        if (!save || !save->record) {
                free(save);
                event_add(saver->again, &later);
                return;
        }

        save->work = (StoreWork) { .run = run_save, .done = save_done, .drop = save_drop };
        save->saver = saver;
        save->version = saver->wanted;
        saver->save = save;
        store_link_submit(saver->services->link, WORK_RECORD, &save->work);
}

static void on_again(int fd, short what, void *userdata) {
        Saver *saver = userdata;

        if (!saver->save)
                submit(saver);
}

int saver_init(Saver *saver) {
        TAILQ_INIT(&saver->waiters);
        saver->again = evtimer_new(saver->services->base, on_again, saver);
        return saver->again ? 0 : -ENOMEM;
}

void saver_deinit(Saver *saver) {
        saver_give_up(saver);
        if (saver->again)
                event_free(saver->again);
        saver->again = NULL;
}

void saver_changed(Saver *saver) {
        saver->wanted++;
        if (!saver->save && !event_pending(saver->again, EV_TIMEOUT, NULL))
                submit(saver);
}

static void on_patience(int fd, short what, void *userdata) {
        tell(userdata, false);
}

void saver_wait(Saver *saver, void (*done)(void *userdata, bool stored), void *userdata) {
        struct timeval patience = { .tv_sec = (time_t)(SAVER_PATIENCE_US / USEC_PER_SEC) };
        SaverWaiter *waiter;

        if (saver_clean(saver) || saver->services->link->away) {
                done(userdata, saver_clean(saver));
                return;
        }

        waiter = calloc(1, sizeof(*waiter));
        if (waiter)
                waiter->patience = evtimer_new(saver->services->base, on_patience, waiter);
        if (!waiter || !waiter->patience) {
                free(waiter);
                done(userdata, false);
                return;
        }

        waiter->saver = saver;
        waiter->version = saver->wanted;
        waiter->done = done;
        waiter->userdata = userdata;
        TAILQ_INSERT_TAIL(&saver->waiters, waiter, entry);
        event_add(waiter->patience, &patience);
}

void saver_give_up(Saver *saver) {
        tell_up_to(saver, saver->wanted, false);
}
