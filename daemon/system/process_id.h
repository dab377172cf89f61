#pragma once

#include <stdint.h>
#include <sys/types.h>

/*
 * Which process that is, so that another one can tell later whether it still runs. Any thread; nothing here blocks.
 *
 * A process that has ended is known for certain only where its number means the same: on the same boot of the same
 * kernel (boot_id), in the same namespace of process numbers. Source: proc(5), pid_namespaces(7), kill(2).
 */

typedef struct ProcessId ProcessId;

struct ProcessId {
        char host[65];  /* for people */
        char boot[40];  /* of /proc/sys/kernel/random/boot_id; "": unknown */
        char space[32]; /* of /proc/self/ns/pid, "pid:[4026531836]"; "": unknown */
        pid_t pid;
        uint64_t begun; /* clock ticks after the boot; 0: unknown */
};

typedef enum ProcessFate {
        PROCESS_UNKNOWN, /* it runs elsewhere, or nothing can be found out */
        PROCESS_RUNS,
        PROCESS_ENDED, /* and will never do anything again */
} ProcessFate;

/* This process. What cannot be found out stays unknown. */
void process_id_self(ProcessId *ret_process);

/* What became of @process, seen from this one. */
ProcessFate process_id_look(const ProcessId *process);
