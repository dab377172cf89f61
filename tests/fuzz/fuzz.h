#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/alloc.h"

/*
 * A fuzz target is one file that defines this function, which libFuzzer calls with one input after the other.
 * Beside not crashing, each target says what must hold of whatever it is given.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A broken promise: libFuzzer keeps the input. assert() would be left out of a release build. */
#define PROMISE(_what)                                                                                       \
        do {                                                                                                 \
                if (!(_what)) {                                                                              \
                        fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #_what);                  \
                        abort();                                                                             \
                }                                                                                            \
        } while (0)
