/* Whether a job has failed so often that it had better pause. */

#include "daemon/policy/failure_stop.h"

void failure_stop_add_ok(FailureStop *stop) {
        stop->ended++;
}

static size_t size_of(const bson_value_t *id) {
        switch (id->value_type) {
        case BSON_TYPE_UTF8:
                return id->value.v_utf8.len;
        case BSON_TYPE_BINARY:
                return id->value.v_binary.data_len;
        case BSON_TYPE_DOCUMENT:
        case BSON_TYPE_ARRAY:
                return id->value.v_doc.data_len;
        default:
                return 0;
        }
}

static void keep_example(FailureStop *stop, const bson_value_t *id, FailureReason reason, int status) {
        StopExample *example = &stop->examples[stop->next_example];

        if (size_of(id) > FAILURE_STOP_ID_BYTES_MAX)
                return;

        bson_value_destroy(&example->id);
        *example = (StopExample) { .reason = reason, .status = status };
        bson_value_copy(id, &example->id);
        stop->next_example = (stop->next_example + 1) % FAILURE_STOP_EXAMPLES;
        if (stop->n_examples < FAILURE_STOP_EXAMPLES)
                stop->n_examples++;
}

void failure_stop_add_failed(FailureStop *stop, const bson_value_t *id, FailureReason reason, int status) {
        stop->ended++;
        stop->failed++;
        keep_example(stop, id, reason, status);
}

bool failure_stop_due(const FailureStop *stop, const CountOrShare *limit) {
        if (limit->count > 0 && stop->failed >= limit->count)
                return true;

        return limit->percent > 0 && stop->ended >= FAILURE_STOP_SHARE_OF &&
               (double)stop->failed * 100 >= limit->percent * (double)stop->ended;
}

void failure_stop_reset(FailureStop *stop) {
        for (size_t i = 0; i < FAILURE_STOP_EXAMPLES; i++)
                bson_value_destroy(&stop->examples[i].id);
        *stop = (FailureStop) {};
}

void failure_stop_append(const FailureStop *stop, bson_t *document) {
        bson_t examples, example;

        bson_append_int64(document, "ended", -1, (int64_t)stop->ended);
        bson_append_int64(document, "failed", -1, (int64_t)stop->failed);
        bson_append_array_begin(document, "examples", -1, &examples);
        for (size_t i = 0; i < stop->n_examples; i++) {
                const StopExample *from = &stop->examples[i];
                char key[2] = { (char)('0' + i) };

                bson_append_document_begin(&examples, key, -1, &example);
                bson_append_value(&example, "_id", -1, &from->id);
                bson_append_utf8(&example, "reason", -1, reason_name(from->reason), -1);
                bson_append_int32(&example, "status", -1, from->status);
                bson_append_document_end(&examples, &example);
        }
        bson_append_array_end(document, &examples);
}

static int64_t get_int(const bson_t *document, const char *key) {
        bson_iter_t iter;

        return bson_iter_init_find(&iter, document, key) ? bson_iter_as_int64(&iter) : 0;
}

static void read_example(FailureStop *stop, const bson_t *document) {
        bson_iter_t id, reason;

        if (bson_iter_init_find(&id, document, "_id") && bson_iter_init_find(&reason, document, "reason") &&
                BSON_ITER_HOLDS_UTF8(&reason))
                keep_example(stop, bson_iter_value(&id), reason_parse(bson_iter_utf8(&reason, NULL)),
                        (int)get_int(document, "status"));
}

void failure_stop_read(FailureStop *stop, const bson_t *document) {
        bson_iter_t iter, item;

        stop->ended = (uint64_t)get_int(document, "ended");
        stop->failed = (uint64_t)get_int(document, "failed");
        if (!bson_iter_init_find(&iter, document, "examples") || !BSON_ITER_HOLDS_ARRAY(&iter) ||
                !bson_iter_recurse(&iter, &item))
                return;

        while (bson_iter_next(&item)) {
                const uint8_t *data;
                uint32_t len;
                bson_t example;

                if (!BSON_ITER_HOLDS_DOCUMENT(&item))
                        continue;
                bson_iter_document(&item, &len, &data);
                if (bson_init_static(&example, data, len))
                        read_example(stop, &example);
        }
}
