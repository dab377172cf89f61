/* The daemon's own words, for programs. */

#include <errno.h>

#include "ctl/output.h"

int output_json(const Output *output, const JsonValue *parameters) {
        _cleanup_free_ char *text = NULL;

        if (parameters) {
                text = json_dump(parameters);
                if (!text)
                        return -ENOMEM;
        }

        fprintf(output->out, "%s\n", text ? text : "{}");
        if (fflush(output->out) == EOF)
                return -errno;

        return 0;
}
