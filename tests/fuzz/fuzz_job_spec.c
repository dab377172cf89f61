/* Job files: what is taken can be written down and read again, and is the same job. */

#include <string.h>

#include "daemon/spec/job_spec.h"
#include "tests/fuzz/fuzz.h"

static JobSpec *read_spec(const char *text, size_t len, UserError *error) {
        _cleanup_(json_freep) JsonValue *json = NULL;
        JobSpec *spec = NULL;

        if (json_parse(text, len, &json, error) || json_type(json) != JSON_OBJECT)
                return NULL;
        if (job_spec_new(json, &spec, error))
                PROMISE(error->message);

        return spec;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(user_error_deinit) UserError error = {};
        _cleanup_(job_spec_freep) JobSpec *spec = read_spec((const char *)data, size, &error), *same = NULL;
        _cleanup_free_ char *text = NULL, *again = NULL;

        if (!spec)
                return 0;

        text = job_spec_text(spec);
        PROMISE(text);
        same = read_spec(text, strlen(text), &error);
        PROMISE(same);
        again = job_spec_text(same);
        PROMISE(again && strcmp(text, again) == 0);
        return 0;
}
