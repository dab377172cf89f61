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

void failure_stop_begin(FailureStop *stop, bool resumed) {
        stop->settled = !resumed;
        stop->at_begin = (StopCount) { stop->ended, stop->failed };
        if (!resumed) {
                stop->before = (StopCount) {};
                stop->adrift = false;
        }
}

/* What had ended at the beginning belongs to the time before it was resumed, or to what was ended since. */
static void settle(uint64_t found, uint64_t at_begin, bool adrift, uint64_t *before, uint64_t *since) {
        uint64_t known = adrift ? at_begin : *before + at_begin;

        if (adrift)
                *before += found > known ? found - known : 0;
        else if (found + *since > known)
                *since = found + *since - known;
        else
                *since = 0;
}

void failure_stop_settle(FailureStop *stop, uint64_t ended, uint64_t failed) {
        settle(ended, stop->at_begin.ended, stop->adrift, &stop->before.ended, &stop->ended);
        settle(failed, stop->at_begin.failed, stop->adrift, &stop->before.failed, &stop->failed);
        if (stop->failed > stop->ended)
                stop->failed = stop->ended;
        stop->adrift = false;
        stop->settled = true;
}

void failure_stop_resume(FailureStop *stop) {
        StopCount before = stop->before;
        bool settled = stop->settled;

        before.ended += stop->ended;
        before.failed += stop->failed;
        if (!settled) { /* those of the earlier daemon come with what it has stored */
                before.ended -= stop->at_begin.ended;
                before.failed -= stop->at_begin.failed;
        }
        if (!settled && !stop->adrift) {
                before.ended -= stop->before.ended;
                before.failed -= stop->before.failed;
        }

        failure_stop_reset(stop);
        stop->before = before;
        stop->adrift = !settled;
        stop->settled = settled;
}

bool failure_stop_due(const FailureStop *stop, const CountOrShare *limit) {
        if (!stop->settled)
                return false;
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

bool failure_stop_is_new(const FailureStop *stop) {
        return stop->ended == 0 && stop->before.ended == 0 && !stop->adrift;
}

static void append_count(bson_t *document, uint64_t ended, uint64_t failed) {
        bson_append_int64(document, "ended", -1, (int64_t)ended);
        bson_append_int64(document, "failed", -1, (int64_t)failed);
}

void failure_stop_append(const FailureStop *stop, bson_t *document) {
        bson_t examples, example, before;

        append_count(document, stop->ended, stop->failed);
        if (!stop->adrift) {
                bson_append_document_begin(document, "before", -1, &before);
                append_count(&before, stop->before.ended, stop->before.failed);
                bson_append_document_end(document, &before);
        }
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

static StopCount get_count(const bson_t *document) {
        return (StopCount) { .ended = (uint64_t)get_int(document, "ended"),
                .failed = (uint64_t)get_int(document, "failed") };
}

static bool get_before(const bson_t *document, StopCount *ret_before) {
        const uint8_t *data;
        bson_iter_t iter;
        bson_t before;
        uint32_t len;

        if (!bson_iter_init_find(&iter, document, "before") || !BSON_ITER_HOLDS_DOCUMENT(&iter))
                return false;

        bson_iter_document(&iter, &len, &data);
        if (!bson_init_static(&before, data, len))
                return false;

        *ret_before = get_count(&before);
        return true;
}

void failure_stop_read(FailureStop *stop, const bson_t *document) {
        bson_iter_t iter, item;

        stop->at_begin = get_count(document);
        stop->ended = stop->at_begin.ended;
        stop->failed = stop->at_begin.failed;
        stop->adrift = !get_before(document, &stop->before);
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
