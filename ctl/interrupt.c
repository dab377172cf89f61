/* Ctrl-C as something to wait for beside a socket. */

#include "ctl/interrupt.h"

#include <errno.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/error.h"

int interrupt_init(Interrupt *interrupt) {
        sigset_t signals, before;
        int fd;

        sigemptyset(&signals);
        sigaddset(&signals, SIGINT);

        fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
        if (fd < 0)
                return error_trace(-errno);

        sigprocmask(SIG_BLOCK, &signals, &before);
        *interrupt = (Interrupt) { fd, before };
        return 0;
}

void interrupt_deinit(Interrupt *interrupt) {
        struct signalfd_siginfo signal;

        if (interrupt->fd < 0)
                return;

        (void)!read(interrupt->fd, &signal, sizeof(signal)); /* or it would end us when it is let through */
        close(interrupt->fd);
        sigprocmask(SIG_SETMASK, &interrupt->before, NULL);
        interrupt->fd = -1;
}
