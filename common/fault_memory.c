/* Lets allocations fail where a test wants it; not part of a build that is installed. */

#include "common/fault_memory.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_reallocarray(void *old, size_t n, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t len);
int __real_vasprintf(char **text, const char *format, va_list args);
FILE *__real_open_memstream(char **text, size_t *len);
ssize_t __real___getdelim(char **text, size_t *size, int delimiter, FILE *file);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t n, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t len);
int __wrap_vasprintf(char **text, const char *format, va_list args);
int __wrap_asprintf(char **text, const char *format, ...) _printf_(2, 3);
FILE *__wrap_open_memstream(char **text, size_t *len);
ssize_t __wrap___getdelim(char **text, size_t *size, int delimiter, FILE *file);

/* A thread's own plan, which is a test's. */
static _Thread_local struct {
        uint64_t first, n; /* 0: none */
        uint64_t passed, failed;
} plan;

/* The environment is that of the whole process, and so is what it asks for. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static unsigned long long asked_first, asked_every;
static atomic_ullong passed;

static void read_environment(void) {
        const char *text = getenv("REQD_FAULT_MEMORY");

        if (text && (sscanf(text, "%llu:%llu", &asked_first, &asked_every) != 2 || !asked_every)) {
                fprintf(stderr, "REQD_FAULT_MEMORY=%s: this is not FIRST:EVERY\n", text);
                abort();
        }
}

static bool fails_for_all(void) {
        unsigned long long i;

        pthread_once(&once, read_environment);
        if (!asked_every)
                return false;

        i = atomic_fetch_add(&passed, 1) + 1;
        return i >= asked_first && (i - asked_first) % asked_every == 0;
}

static bool fails(void) {
        bool now = plan.n && ++plan.passed >= plan.first && plan.passed - plan.first < plan.n;

        plan.failed += now;
        if (!now && !fails_for_all())
                return false;

        errno = ENOMEM;
        return true;
}

void fault_memory(uint64_t first, uint64_t n) {
        plan = (__typeof__(plan)) { .first = first, .n = n };
}

uint64_t fault_memory_end(void) {
        uint64_t failed = plan.failed;

        plan = (__typeof__(plan)) {};
        return failed;
}

void *__wrap_malloc(size_t size) {
        return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size) {
        return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size) {
        return fails() ? NULL : __real_realloc(old, size);
}

void *__wrap_reallocarray(void *old, size_t n, size_t size) {
        return fails() ? NULL : __real_reallocarray(old, n, size);
}

char *__wrap_strdup(const char *text) {
        return fails() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t len) {
        return fails() ? NULL : __real_strndup(text, len);
}

int __wrap_vasprintf(char **text, const char *format, va_list args) {
        return fails() ? -1 : __real_vasprintf(text, format, args);
}

int __wrap_asprintf(char **text, const char *format, ...) {
        va_list args;
        int n;

        va_start(args, format);
        n = __wrap_vasprintf(text, format, args);
        va_end(args);
        return n;
}

FILE *__wrap_open_memstream(char **text, size_t *len) {
        return fails() ? NULL : __real_open_memstream(text, len);
}

/* What getline() is by way of <stdio.h>. As glibc does it: neither an end nor an error of the file is noted. */
ssize_t __wrap___getdelim(char **text, size_t *size, int delimiter, FILE *file) {
        return fails() ? -1 : __real___getdelim(text, size, delimiter, file);
}
