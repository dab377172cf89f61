/* One curl multi on the event loop. */

#include "daemon/http/shard.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>

#include "common/log.h"
#include "daemon/http/idle.h"

#define REST_S 10  /* without a transfer; by then no connection is young enough to be used again */
#define IDLE_MIN 8 /* connections; fewer, and a moment's pause costs new ones */
#define PRIORITY 1 /* 0 is for control and signals */

typedef struct Watch Watch;
typedef LIST_HEAD(WatchList, Watch) WatchList;

/* A socket of curl's. */
struct Watch {
        Shard *shard;
        struct event *event;
        LIST_ENTRY(Watch) link;
};

struct Shard {
        ShardSetup *setup;
        CURLM *multi; /* NULL while there is nothing to do */
        struct event *timer;
        struct event *rest;
        WatchList watches;
        Idle idle; /* as long as the multi */
        TransferList running;
        uint32_t n_running;
};

static void shard_act(Shard *shard, curl_socket_t fd, int flags);

static void set_priority(const Shard *shard, struct event *event) {
        if (event_base_get_npriorities(shard->setup->base) > PRIORITY)
                event_priority_set(event, PRIORITY);
}

static Watch *watch_free(Watch *watch) {
        if (!watch)
                return NULL;

        LIST_REMOVE(watch, link);
        if (watch->event)
                event_free(watch->event);
        free(watch);
        return NULL;
}

static void on_readiness(evutil_socket_t fd, short what, void *userdata) {
        Watch *watch = userdata;
        int flags = (what & EV_READ ? CURL_CSELECT_IN : 0) | (what & EV_WRITE ? CURL_CSELECT_OUT : 0);

        shard_act(watch->shard, fd, flags);
}

static void on_timeout(evutil_socket_t fd, short what, void *userdata) {
        shard_act(userdata, CURL_SOCKET_TIMEOUT, 0);
}

static int watch_set(Watch *watch, curl_socket_t fd, short what) {
        struct event *event =
                event_new(watch->shard->setup->base, fd, (short)(what | EV_PERSIST), on_readiness, watch);

        if (!event)
                return -ENOMEM;

        if (watch->event)
                event_free(watch->event);
        watch->event = event;
        set_priority(watch->shard, event);
        return event_add(event, NULL) ? -ENOMEM : 0;
}

/* -1 makes curl give up the multi, which shard_act() then sees. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *userdata, void *socket_data) {
        Shard *shard = userdata;
        Watch *watch = socket_data;
        short events = (short)((what & CURL_POLL_IN ? EV_READ : 0) | (what & CURL_POLL_OUT ? EV_WRITE : 0));

        if (what == CURL_POLL_REMOVE) {
                watch_free(watch);
                idle_add(&shard->idle, fd);
                return 0;
        }

        if (!watch) {
                watch = calloc(1, sizeof(*watch));
                if (!watch)
                        return -1;
                watch->shard = shard;
                idle_remove(&shard->idle, fd);
                LIST_INSERT_HEAD(&shard->watches, watch, link);
                curl_multi_assign(shard->multi, fd, watch); /* the one call that is allowed in here */
        }

        return watch_set(watch, fd, events) ? -1 : 0;
}

/* Arms even what is due at once: curl must not be called from here. */
static int on_timer(CURLM *multi, long timeout_ms, void *userdata) {
        Shard *shard = userdata;
        struct timeval timeout = { timeout_ms / 1000, (timeout_ms % 1000) * 1000 };

        if (timeout_ms < 0)
                return evtimer_del(shard->timer) ? -1 : 0;

        return evtimer_add(shard->timer, &timeout) ? -1 : 0;
}

/*
 * curl counts the connections in use, too, and closes the oldest idle one whenever there are more in all:
 * a fixed number would be too small to reuse any, or too large for the descriptors.
 */
static void limit_connections(const Shard *shard) {
        uint32_t idle = shard->setup->max_idle / shard->setup->n_open;

        curl_multi_setopt(shard->multi, CURLMOPT_MAXCONNECTS,
                (long)shard->n_running + (idle > IDLE_MIN ? idle : IDLE_MIN));
}

static int shard_open(Shard *shard) {
        CURLM *multi;
        int r;

        r = idle_init(&shard->idle);
        if (r)
                return error_trace(r);

        multi = curl_multi_init();
        if (!multi) {
                idle_deinit(&shard->idle);
                return -ENOMEM;
        }

        curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
        curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, shard);
        curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
        curl_multi_setopt(multi, CURLMOPT_TIMERDATA, shard);

        shard->multi = multi;
        shard->setup->n_open++;
        return 0;
}

static void shard_close(Shard *shard) {
        if (!shard->multi)
                return;

        curl_multi_cleanup(shard->multi);
        shard->multi = NULL;
        idle_deinit(&shard->idle);
        shard->setup->n_open--;
        evtimer_del(shard->timer);
        while (!LIST_EMPTY(&shard->watches)) /* a multi that failed may have forgotten some */
                watch_free(LIST_FIRST(&shard->watches));
}

static void on_rest(evutil_socket_t fd, short what, void *userdata) {
        Shard *shard = userdata;

        if (shard->n_running == 0)
                shard_close(shard);
}

static void leave(Shard *shard, Transfer *transfer) {
        TAILQ_REMOVE(&shard->running, transfer, link);
        shard->n_running--;
}

static void collect(Shard *shard, TransferList *ended) {
        CURLMsg *message;
        int left;

        while ((message = curl_multi_info_read(shard->multi, &left))) {
                CURL *easy = message->easy_handle;
                CURLcode code = message->data.result; /* gone with the handle */
                Transfer *transfer = NULL;

                if (message->msg != CURLMSG_DONE)
                        continue;

                curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&transfer);
                curl_multi_remove_handle(shard->multi, easy);
                if (transfer_conclude(transfer, code) == TRANSFER_E_AGAIN) {
                        if (curl_multi_add_handle(shard->multi, easy) == CURLM_OK)
                                continue;
                        transfer_fail(transfer, "no memory for a repeat");
                }

                leave(shard, transfer);
                TAILQ_INSERT_TAIL(ended, transfer, link);
        }
}

/* After an error the multi is in no known state: nothing in it can be saved. */
static void fail(Shard *shard, CURLMcode code, TransferList *ended) {
        Transfer *transfer;

        log_warning("a set of %u connections failed and is built anew: %s", (unsigned)shard->n_running,
                curl_multi_strerror(code));

        while ((transfer = TAILQ_FIRST(&shard->running))) {
                curl_multi_remove_handle(shard->multi, transfer->easy);
                transfer_fail(transfer, "its set of connections failed");
                leave(shard, transfer);
                TAILQ_INSERT_TAIL(ended, transfer, link);
        }
        shard_close(shard);
}

static void shard_act(Shard *shard, curl_socket_t fd, int flags) {
        static const struct timeval rest = { .tv_sec = REST_S };
        TransferList ended = TAILQ_HEAD_INITIALIZER(ended);
        CURLMcode code;
        int running;

        idle_shut_spoken(&shard->idle); /* a transfer that starts or follows a redirect chooses one of them */
        code = curl_multi_socket_action(shard->multi, fd, flags, &running);
        if (code == CURLM_OK)
                collect(shard, &ended);
        else
                fail(shard, code, &ended);

        if (!TAILQ_EMPTY(&ended))
                shard->setup->ended(&ended, shard->setup->userdata);

        if (shard->multi)
                limit_connections(shard);
        if (shard->n_running == 0 && shard->multi && !evtimer_pending(shard->rest, NULL))
                evtimer_add(shard->rest, &rest);
}

int shard_start(Shard *shard, Transfer *transfer) {
        int r = shard->multi ? 0 : shard_open(shard);

        if (r)
                return error_trace(r);
        if (curl_multi_add_handle(shard->multi, transfer->easy) != CURLM_OK)
                return error_trace(-ENOMEM);

        TAILQ_INSERT_TAIL(&shard->running, transfer, link);
        shard->n_running++;
        limit_connections(shard);
        return 0;
}

int shard_new(ShardSetup *setup, Shard **ret_shard) {
        _cleanup_(shard_freep) Shard *shard = calloc(1, sizeof(*shard));

        if (!shard)
                return -ENOMEM;

        shard->setup = setup;
        LIST_INIT(&shard->watches);
        TAILQ_INIT(&shard->running);
        shard->timer = evtimer_new(setup->base, on_timeout, shard);
        shard->rest = evtimer_new(setup->base, on_rest, shard);
        if (!shard->timer || !shard->rest)
                return -ENOMEM;

        set_priority(shard, shard->timer);
        set_priority(shard, shard->rest);
        *ret_shard = TAKE_PTR(shard);
        return 0;
}

Shard *shard_free(Shard *shard) {
        Transfer *transfer;

        if (!shard)
                return NULL;

        while ((transfer = TAILQ_FIRST(&shard->running))) {
                curl_multi_remove_handle(shard->multi, transfer->easy);
                leave(shard, transfer);
                transfer_free(transfer);
        }
        if (shard->timer)
                shard_close(shard);
        if (shard->timer)
                event_free(shard->timer);
        if (shard->rest)
                event_free(shard->rest);
        free(shard);
        return NULL;
}
