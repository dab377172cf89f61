#pragma once

/*
 * Places at which a test can end the process, as kill -9 or a power cut would: REQD_FAULT=sent:100 in the environment
 * sends it SIGKILL when it comes by `sent` for the 100th time.
 *
 * Only a build with -Dfaults=true has them, which is that of the tests; in any other build a fault_point() is nothing
 * at all. Any thread.
 */

typedef enum FaultPoint {
        FAULT_SENT,         /* a request was handed to the network */
        FAULT_ANSWERED,     /* its answer came, and was not looked at */
        FAULT_HANDED,       /* an outcome was handed to the writer */
        FAULT_WRITTEN,      /* the store has acknowledged a bulk, and the loop does not know yet */
        FAULT_ACKNOWLEDGED, /* the loop has counted a bulk */
        FAULT_RECORDING,    /* a job's record (state, settings, watermark, totals) goes to the store */
        FAULT_RECORDED,     /* it is stored, and the loop does not know yet */
        FAULT_SUBMITTED,    /* a new job is stored, and its client does not know yet */
        FAULT_CHANGED,      /* a command's change is stored, and its client does not know yet */
        FAULT_BEGUN,        /* a generation was begun, and nothing of it read */
        _FAULT_N,
} FaultPoint;

#ifdef REQD_FAULTS
void fault_point(FaultPoint point);
#else
#define fault_point(_point) ((void)0)
#endif
