#pragma once

#include <signal.h>

/*
 * Ctrl-C as something to wait for beside a socket, so that a command can put things in order before it ends.
 * One thread, one at a time.
 */

typedef struct Interrupt Interrupt;

struct Interrupt {
        int fd; /* becomes readable; -1: not set up */
        sigset_t before;
};

#define INTERRUPT_INIT                                                                                       \
        { .fd = -1 }

/* From now on SIGINT ends nothing by itself. Returns 0 or a negative code. */
int interrupt_init(Interrupt *interrupt);

/* A SIGINT that has come counts as answered. */
void interrupt_deinit(Interrupt *interrupt);
