/* The socket, and who may come in. */

#include "daemon/control/control.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log.h"
#include "common/timeutil.h"
#include "daemon/control/command.h"
#include "daemon/control/peer.h"
#include "daemon/control/rest.h"
#include "daemon/control/socket.h"

#define PRIVILEGED_MAX 16 /* clients of root and the daemon's own user that get in beyond MaxClients */

static bool has_room(const Control *control, uid_t uid) {
        uint32_t most = control->max_clients;

        if (uid == 0 || uid == geteuid())
                most += PRIVILEGED_MAX;

        return control->n_peers < most;
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address, int len,
        void *userdata) {
        Control *control = userdata;
        struct ucred credentials = { .uid = (uid_t)-1 };
        socklen_t size = sizeof(credentials);
        bool room;
        Peer *peer;

        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0) {
                close(fd);
                return;
        }

        room = has_room(control, credentials.uid);
        if (peer_new(control, fd, credentials.uid, credentials.pid, &peer))
                return;
        if (!room)
                peer_refuse(peer, "org.reqd.Busy", "too many clients",
                        "raise MaxClients= in reqd.conf, or try again");
}

static void on_accept_error(struct evconnlistener *listener, void *userdata) {
        log_warning("cannot accept a client: %s", strerror(errno));
}

static void on_job_changed(Job *job, void *userdata) {
        cmd_watch_changed(userdata, job);
        rest_changed(userdata, job);
}

/* Calls that came before the store had given its jobs are answered now. */
static void on_ready(void *userdata) {
        Control *control = userdata;
        Peer *peer, *next;

        for (peer = TAILQ_FIRST(&control->peers); peer; peer = next) {
                next = TAILQ_NEXT(peer, entry);
                if (peer->call && peer->call->parked)
                        call_resume(peer->call);
        }
}

int control_new(const ControlOptions *options, Control **ret_control, UserError *error) {
        _cleanup_(control_freep) Control *control = NULL;
        int fd;

        control = calloc(1, sizeof(*control));
        if (!control)
                return -ENOMEM;

        TAILQ_INIT(&control->peers);
        TAILQ_INIT(&control->watches);
        TAILQ_INIT(&control->rests);
        control->base = options->base;
        control->registry = options->registry;
        control->config = options->config;
        control->max_clients = options->max_clients;
        control->started_ms = time_wall_ms();

        fd = options->fd >= 0 ? options->fd : socket_listen(options->socket, error);
        if (fd < 0)
                return fd;

        control->path = options->fd < 0 ? strdup(options->socket) : NULL;
        control->listener = evconnlistener_new(
                options->base, on_accept, control, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
        if (!control->listener) {
                if (options->fd < 0)
                        close(fd);
                return -ENOMEM;
        }

        evconnlistener_set_error_cb(control->listener, on_accept_error);
        control->registry_listener = (RegistryListener) {
                .changed = on_job_changed,
                .ready = on_ready,
                .userdata = control,
        };
        registry_listen(control->registry, &control->registry_listener);
        *ret_control = TAKE_PTR(control);
        return 0;
}

void control_set_max_clients(Control *control, uint32_t max_clients) {
        control->max_clients = max_clients;
}

Control *control_free(Control *control) {
        Peer *peer;

        if (!control)
                return NULL;

        if (control->registry_listener.userdata)
                registry_unlisten(control->registry, &control->registry_listener);
        while ((peer = TAILQ_FIRST(&control->peers)))
                peer_free(peer);
        if (control->listener) {
                evconnlistener_free(control->listener);
                if (control->path)
                        unlink(control->path);
        }
        /* A callback that libevent has put off holds its connection until the loop has run it. */
        event_base_loop(control->base, EVLOOP_NONBLOCK);
        free(control->path);
        free(control);
        return NULL;
}
