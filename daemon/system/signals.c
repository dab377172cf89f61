/* Signals as events of the loop. */

#include "daemon/system/signals.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>

struct Signals {
        struct event *term;
        struct event *interrupt;
        struct event *hang_up;
        signal_fn ended;
        signal_fn reload;
        void *userdata;
};

static void on_end(int fd, short what, void *userdata) {
        Signals *signals = userdata;

        signals->ended(signals->userdata);
}

static void on_hang_up(int fd, short what, void *userdata) {
        Signals *signals = userdata;

        signals->reload(signals->userdata);
}

static struct event *watch(struct event_base *base, int number, event_callback_fn on, Signals *signals) {
        struct event *event = evsignal_new(base, number, on, signals);

        if (event) {
                event_priority_set(event, 0);
                event_add(event, NULL);
        }
        return event;
}

int signals_new(
        struct event_base *base, signal_fn ended, signal_fn reload, void *userdata, Signals **ret_signals) {
        _cleanup_(signals_freep) Signals *signals = calloc(1, sizeof(*signals));

        if (!signals)
                return -ENOMEM;

        signal(SIGPIPE, SIG_IGN);
        signals->ended = ended;
        signals->reload = reload;
        signals->userdata = userdata;
        signals->term = watch(base, SIGTERM, on_end, signals);
        signals->interrupt = watch(base, SIGINT, on_end, signals);
        signals->hang_up = watch(base, SIGHUP, on_hang_up, signals);
        if (!signals->term || !signals->interrupt || !signals->hang_up)
                return -ENOMEM;

        *ret_signals = TAKE_PTR(signals);
        return 0;
}

Signals *signals_free(Signals *signals) {
        sigset_t late;

        if (!signals)
                return NULL;

        /* Who asks twice may ask when all is over, and is not to turn a clean end into a death by signal. */
        sigemptyset(&late);
        sigaddset(&late, SIGTERM);
        sigaddset(&late, SIGINT);
        sigaddset(&late, SIGHUP);
        pthread_sigmask(SIG_BLOCK, &late, NULL);
        if (signals->term)
                event_free(signals->term);
        if (signals->interrupt)
                event_free(signals->interrupt);
        if (signals->hang_up)
                event_free(signals->hang_up);
        free(signals);
        return NULL;
}
