/* The configuration: whatever the file says, it is taken whole, or refused with its line. */

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "daemon/spec/config.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(user_error_deinit) UserError error = {};
        _cleanup_(config_freep) Config *config = NULL;
        int file = memfd_create("reqd.conf", MFD_CLOEXEC);
        char path[32];

        PROMISE(file >= 0 && write(file, data, size) == (ssize_t)size);
        snprintf(path, sizeof(path), "/proc/self/fd/%d", file);

        if (config_new(path, &config, &error))
                PROMISE(error.message && error.where && strncmp(error.where, path, strlen(path)) == 0);
        else
                for (const Option *option = config_options; option->path; option++) {
                        _cleanup_free_ char *shown = option->later ? NULL : config_show(config, option);

                        PROMISE(option->later || shown);
                }

        close(file);
        return 0;
}
