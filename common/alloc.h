#pragma once

#include <stddef.h>
#include <stdlib.h>

/*
 * Cleanup attributes: a local that owns something says so where it is declared, and is disarmed by
 * TAKE_PTR() when ownership moves on. No thread rules, no state.
 */

#define _cleanup_(_fn) __attribute__((__cleanup__(_fn)))
#define _printf_(_format, _first) __attribute__((__format__(__printf__, _format, _first)))
#define _unused_ __attribute__((__unused__))

#define ELEMENTSOF(_array) (sizeof(_array) / sizeof((_array)[0]))

/* Hands the pointer on: evaluates to its value and leaves NULL behind. */
#define TAKE_PTR(_ptr)                                                                                       \
        ({                                                                                                   \
                __typeof__(_ptr) _taken = (_ptr);                                                            \
                (_ptr) = NULL;                                                                               \
                _taken;                                                                                      \
        })

/* Defines `prefix_freep()` for _cleanup_() from a `prefix_free()` that accepts NULL. */
#define DEFINE_FREEP(_type, _prefix)                                                                         \
        static inline void _prefix##_freep(_type **ptr) {                                                    \
                _prefix##_free(*ptr);                                                                        \
        }

static inline void freep(void *ptr) {
        free(*(void **)ptr);
}

#define _cleanup_free_ _cleanup_(freep)
