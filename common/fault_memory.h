#pragma once

#include <stdint.h>

/*
 * Memory that runs out where a test wants it: what this program's own code asks malloc() and its kind for, not what
 * the libraries do for themselves. Only programs that are linked with ld's --wrap for each of them have it (see
 * common/meson.build): some unit tests, and reqd itself in a build with -Dfaults=true, which does what
 * REQD_FAULT_MEMORY=FIRST:EVERY in its environment asks for: the allocation of that number and each so many after it
 * fail, whatever thread makes them.
 */

/* Of the calling thread's allocations from now on, the one of that number (1: the next) and @n - 1 behind it fail. */
void fault_memory(uint64_t first, uint64_t n);

/* There is memory again. Returns how many of the thread's allocations have failed since fault_memory(). */
uint64_t fault_memory_end(void);
