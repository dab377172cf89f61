/* Frames of the control socket: calls as clients may send them, replies as a daemon may. */

#include <string.h>

#include "common/varlink.h"
#include "tests/fuzz/fuzz.h"

static void call(const char *frame, size_t len) {
        _cleanup_(user_error_deinit) UserError error = {};
        VarlinkCall parsed = {};

        if (varlink_call_parse(frame, len, &parsed, &error)) {
                PROMISE(!parsed.root && error.message);
                return;
        }

        PROMISE(parsed.method);
        PROMISE(!parsed.parameters || json_type(parsed.parameters) == JSON_OBJECT);
        varlink_call_deinit(&parsed);
}

/* What is JSON to us is JSON when written again, and the same. */
static void round_trip(const char *frame, size_t len) {
        _cleanup_(user_error_deinit) UserError error = {};
        _cleanup_(json_freep) JsonValue *first = NULL, *second = NULL;
        _cleanup_free_ char *text = NULL, *again = NULL;

        if (json_parse(frame, len, &first, &error))
                return;

        text = json_dump(first);
        PROMISE(text && json_parse(text, strlen(text), &second, &error) == 0);
        again = json_dump(second);
        PROMISE(again && strcmp(text, again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(user_error_deinit) UserError error = {};
        const char *frame = (const char *)data;
        VarlinkReply reply = {};

        call(frame, size);
        round_trip(frame, size);
        if (varlink_reply_parse(frame, size, &reply, &error) == 0)
                varlink_reply_deinit(&reply);
        return 0;
}
