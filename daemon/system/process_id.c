/* Which process that is, and whether it still runs. */

#include "daemon/system/process_id.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIELD_STATE 3
#define FIELD_BEGUN 22

/* A file of /proc as text, without the newline at its end; "" where it cannot be read. */
static void read_text(const char *path, char *text, size_t size) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t len = fd < 0 ? -1 : read(fd, text, size - 1);

        text[len > 0 ? len : 0] = '\0';
        text[strcspn(text, "\n")] = '\0';
        if (fd >= 0)
                close(fd);
}

static void read_target(const char *path, char *text, size_t size) {
        ssize_t len = readlink(path, text, size - 1);

        text[len > 0 ? len : 0] = '\0';
}

/* Whether /proc counts processes as we do: it may have been mounted for another namespace. */
static bool proc_is_ours(void) {
        char self[16], number[16];

        read_target("/proc/self", self, sizeof(self));
        snprintf(number, sizeof(number), "%d", (int)getpid());
        return strcmp(self, number) == 0;
}

/* When @pid began; 0 where that cannot be found out. */
static uint64_t begun_of(pid_t pid) {
        char path[32], stat[1024];
        const char *field;

        if (!proc_is_ours())
                return 0;

        snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
        read_text(path, stat, sizeof(stat));
        field = strrchr(stat, ')'); /* the name before it may hold anything */
        for (int i = FIELD_STATE; field && i <= FIELD_BEGUN; i++)
                field = strchr(field + 1, ' ');

        return field ? strtoull(field, NULL, 10) : 0;
}

void process_id_self(ProcessId *ret_process) {
        ProcessId process = { .pid = getpid(), .begun = begun_of(getpid()) };

        (void)gethostname(process.host, sizeof(process.host) - 1);
        read_text("/proc/sys/kernel/random/boot_id", process.boot, sizeof(process.boot));
        read_target("/proc/self/ns/pid", process.space, sizeof(process.space));
        *ret_process = process;
}

ProcessFate process_id_look(const ProcessId *process) {
        ProcessId self;
        uint64_t begun;

        process_id_self(&self);
        if (!*self.boot || !*self.space || strcmp(self.boot, process->boot) != 0 ||
                strcmp(self.space, process->space) != 0 || process->pid <= 0)
                return PROCESS_UNKNOWN;

        /* The kernel says so even of processes that /proc hides from us. */
        if (kill(process->pid, 0) < 0 && errno == ESRCH)
                return PROCESS_ENDED;

        begun = begun_of(process->pid);
        if (!begun || !process->begun)
                return PROCESS_UNKNOWN;

        return begun == process->begun ? PROCESS_RUNS : PROCESS_ENDED; /* another one has its number now */
}
