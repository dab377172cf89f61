/* Ends the process where a test wants it; not part of a build that is installed. */

#include "common/fault.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[_FAULT_N] = {
        [FAULT_SENT] = "sent",
        [FAULT_ANSWERED] = "answered",
        [FAULT_HANDED] = "handed",
        [FAULT_WRITTEN] = "written",
        [FAULT_ACKNOWLEDGED] = "acknowledged",
        [FAULT_RECORDING] = "recording",
        [FAULT_RECORDED] = "recorded",
        [FAULT_SUBMITTED] = "submitted",
        [FAULT_CHANGED] = "changed",
        [FAULT_BEGUN] = "begun",
};

/* The environment is that of the whole process, and so is what it asks for. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static FaultPoint wanted = _FAULT_N;
static atomic_long passings;

static void read_environment(void) {
        const char *text = getenv("REQD_FAULT"), *colon = text ? strchr(text, ':') : NULL;

        if (!text)
                return;

        for (FaultPoint point = 0; colon && point < _FAULT_N; point++)
                if (strlen(names[point]) == (size_t)(colon - text) &&
                        strncmp(names[point], text, (size_t)(colon - text)) == 0)
                        wanted = point;

        passings = colon ? atol(colon + 1) : 0;
        if (wanted == _FAULT_N || passings < 1) {
                fprintf(stderr, "REQD_FAULT=%s: this is not NAME:COUNT of a fault point\n", text);
                abort();
        }
}

void fault_point(FaultPoint point) {
        pthread_once(&once, read_environment);
        if (point == wanted && atomic_fetch_sub(&passings, 1) == 1)
                raise(SIGKILL);
}
