/*
 * Bodies of answers: what the store that keeps text takes, the one that keeps BSON takes too, and the BSON is
 * valid. What replaces a text with equal keys is JSON without them.
 */

#include "daemon/store/json_bson.h"

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        const char *text = (const char *)data;
        JsonBody as_bson = {}, as_text = {}, again = {};
        char error[160] = "";
        int r, same;

        r = json_body_parse(text, size, true, &as_bson, error, sizeof(error));
        PROMISE(r != JSON_BODY_E_INVALID || *error);
        same = json_body_parse(text, size, false, &as_text, error, sizeof(error));
        PROMISE(r == same);
        if (r)
                return 0;

        PROMISE(as_bson.bson &&
                bson_validate(as_bson.bson, BSON_VALIDATE_UTF8 | BSON_VALIDATE_UTF8_ALLOW_NULL, NULL));
        PROMISE(!as_text.bson && as_bson.skip == as_text.skip);
        PROMISE(!as_text.rewritten == !as_bson.rewritten);
        if (as_text.rewritten) {
                r = json_body_parse(
                        as_text.rewritten, as_text.rewritten_len, true, &again, error, sizeof(error));
                PROMISE(r == 0 && !again.rewritten && bson_equal(again.bson, as_bson.bson));
                json_body_deinit(&again);
        }

        json_body_deinit(&as_bson);
        json_body_deinit(&as_text);
        return 0;
}
