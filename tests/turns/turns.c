/*
 * Measures how long the turns of a program's event loop are: preloaded (LD_PRELOAD), it stands before
 * epoll_wait(), and at the program's end it writes to the file that $REQD_TURNS names
 *
 *     turns N, longest C us of CPU and W us of time, L longer than 10 ms of CPU
 *
 * CPU time is that of the loop's own thread: what else the machine does is not in it. Only the main thread's
 * calls count.
 */

#include <dlfcn.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define LONG_US 10000

typedef int (*EpollWait)(int epoll, struct epoll_event *events, int n, int timeout_ms);

static struct {
        uint64_t n, n_long;
        uint64_t longest_cpu_us, longest_us;
        uint64_t cpu_us, us; /* when the turn began; 0: none has */
} turns;

static uint64_t now_us(clockid_t clock) {
        struct timespec now;

        clock_gettime(clock, &now);
        return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void end_turn(void) {
        uint64_t cpu_us = now_us(CLOCK_THREAD_CPUTIME_ID) - turns.cpu_us;
        uint64_t us = now_us(CLOCK_MONOTONIC) - turns.us;

        turns.n++;
        if (cpu_us > LONG_US)
                turns.n_long++;
        if (cpu_us > turns.longest_cpu_us)
                turns.longest_cpu_us = cpu_us;
        if (us > turns.longest_us)
                turns.longest_us = us;
}

int epoll_wait(int epoll, struct epoll_event *events, int n, int timeout_ms) {
        static EpollWait real;
        int r;

        if (!real)
                real = (EpollWait)dlsym(RTLD_NEXT, "epoll_wait");
        if (gettid() != getpid())
                return real(epoll, events, n, timeout_ms);

        if (turns.us)
                end_turn();
        r = real(epoll, events, n, timeout_ms);
        turns.cpu_us = now_us(CLOCK_THREAD_CPUTIME_ID);
        turns.us = now_us(CLOCK_MONOTONIC);
        return r;
}

static void __attribute__((destructor)) tell(void) {
        const char *path = getenv("REQD_TURNS");
        FILE *file = path && turns.n ? fopen(path, "w") : NULL;

        if (!file)
                return;

        fprintf(file,
                "turns %" PRIu64 ", longest %" PRIu64 " us of CPU and %" PRIu64 " us of time, %" PRIu64
                " longer than 10 ms of CPU\n",
                turns.n, turns.longest_cpu_us, turns.longest_us, turns.n_long);
        fclose(file);
}
