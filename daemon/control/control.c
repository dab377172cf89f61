/* The socket, and who may come in. */

#include "daemon/control/control.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/timeutil.h"
#include "daemon/control/command.h"
#include "daemon/control/listener.h"
#include "daemon/control/peer.h"
#include "daemon/control/rest.h"
#include "daemon/control/socket.h"

#define PRIVILEGED_MAX 16 /* clients of root and the daemon's own user that get in beyond MaxClients */

static bool is_privileged(uid_t uid) {
        return uid == 0 || uid == geteuid();
}

static bool has_room(const Control *control, uid_t uid) {
        return control->n_peers < control->max_clients + (is_privileged(uid) ? PRIVILEGED_MAX : 0);
}

static void on_client(void *userdata, int fd, uid_t uid, pid_t pid) {
        Control *control = userdata;
        Peer *peer;

        if (has_room(control, uid))
                (void)peer_new(control, fd, uid, pid, &peer);
        else
                listener_turn_away(control->listener, fd);
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

static int listen_on(Control *control, int fd) {
        ListenerOptions options = {
                .base = control->base,
                .fd = fd,
                .came = on_client,
                .matters = is_privileged,
                .userdata = control,
        };

        control->busy = json_writer_new(false);
        if (!control->busy)
                return -ENOMEM;

        peer_write_refusal(control->busy, "org.reqd.Busy", "too many clients",
                "raise MaxClients= in reqd.conf, or try again");
        options.busy = json_writer_text(control->busy, &options.busy_len);
        options.busy_len++; /* its NUL ends the frame */
        return options.busy ? listener_new(&options, &control->listener) : -ENOMEM;
}

int control_new(const ControlOptions *options, Control **ret_control, UserError *error) {
        _cleanup_(control_freep) Control *control = NULL;
        int fd, r;

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
        r = listen_on(control, fd);
        if (r) {
                if (options->fd < 0)
                        close(fd);
                return r;
        }

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

void control_close(Control *control) {
        Peer *peer;

        while ((peer = TAILQ_FIRST(&control->peers))) {
                peer_flush(peer);
                peer_free(peer);
        }
        if (control->listener && control->path)
                unlink(control->path);
        control->listener = listener_free(control->listener);
}

Control *control_free(Control *control) {
        if (!control)
                return NULL;

        if (control->registry_listener.userdata)
                registry_unlisten(control->registry, &control->registry_listener);
        control_close(control);
        json_writer_free(control->busy);
        free(control->path);
        free(control);
        return NULL;
}
