/* What the store keeps of a job. */

#include "daemon/job/job_record.h"

#include <errno.h>
#include <string.h>

#include "common/error.h"

static const char *const state_names[_JOB_STATE_N] = {
        [JOB_RUNNING] = "running",
        [JOB_PAUSED] = "paused",
        [JOB_DONE] = "done",
        [JOB_CANCELLED] = "cancelled",
};

const char *job_state_name(JobState state) {
        return state_names[state];
}

static int state_parse(const char *name, JobState *ret_state) {
        for (JobState state = 0; state < _JOB_STATE_N; state++)
                if (strcmp(state_names[state], name) == 0) {
                        *ret_state = state;
                        return 0;
                }

        return -EINVAL;
}

/* A time that has not come yet is left out. */
static void append_time(bson_t *bson, const char *key, int64_t ms) {
        if (ms)
                bson_append_date_time(bson, key, -1, ms);
}

static void append_changed(bson_t *bson, const StringList *changed) {
        bson_t child;

        bson_append_document_begin(bson, "changed", -1, &child);
        for (size_t i = 0; i < changed->n; i++)
                bson_append_utf8(&child, changed->items[i], -1, string_map_value(changed->items[i]), -1);
        bson_append_document_end(bson, &child);
}

static void append_tally(bson_t *bson, const Tally *tally) {
        bson_t child, failed;

        bson_append_document_begin(bson, "totals", -1, &child);
        bson_append_int64(&child, "ok", -1, (int64_t)tally->ok);
        bson_append_int64(&child, "gone", -1, (int64_t)tally->gone);
        bson_append_int64(&child, "attempts", -1, (int64_t)tally->attempts);
        bson_append_document_begin(&child, "failed", -1, &failed);
        for (FailureReason reason = REASON_NONE + 1; reason < _REASON_N; reason++)
                if (tally->failed[reason])
                        bson_append_int64(&failed, reason_name(reason), -1, (int64_t)tally->failed[reason]);
        bson_append_document_end(&child, &failed);
        bson_append_document_end(bson, &child);
}

static void append_stop(bson_t *bson, const FailureStop *stop) {
        bson_t child;

        if (failure_stop_is_new(stop))
                return;

        bson_append_document_begin(bson, "since_resumed", -1, &child);
        failure_stop_append(stop, &child);
        bson_append_document_end(bson, &child);
}

static void append_watermark(bson_t *bson, const bson_value_t *watermark) {
        bson_t child;

        if (watermark->value_type == BSON_TYPE_EOD)
                return;

        bson_append_document_begin(bson, "watermark", -1, &child);
        bson_append_value(&child, "_id", -1, watermark);
        bson_append_document_end(bson, &child);
}

bson_t *job_record_to_bson(const JobRecord *record, const char *collection) {
        bson_t *bson = bson_new();

        bson_append_oid(bson, "_id", -1, &record->id);
        bson_append_utf8(bson, "name", -1, record->name, -1);
        bson_append_utf8(bson, "collection", -1, collection, -1);
        bson_append_utf8(bson, "state", -1, job_state_name(record->state), -1);
        if (record->reason)
                bson_append_utf8(bson, "reason", -1, record->reason, -1);
        bson_append_int32(bson, "generation", -1, record->generation);
        if (record->retry)
                bson_append_document(bson, "retry", -1, record->retry);
        append_time(bson, "created", record->created_ms);
        append_time(bson, "started", record->started_ms);
        append_time(bson, "ended", record->ended_ms);
        bson_append_utf8(bson, "spec", -1, record->spec, -1);
        append_changed(bson, &record->changed);
        bson_append_int64(bson, "started_before", -1, (int64_t)record->started_before);
        append_stop(bson, &record->stop);
        append_watermark(bson, &record->watermark);
        append_tally(bson, &record->tally);
        if (record->unsettled)
                bson_append_bool(bson, "unsettled", -1, true);
        return bson;
}

static char *dup_utf8(const bson_t *bson, const char *key) {
        bson_iter_t iter;

        if (!bson_iter_init_find(&iter, bson, key) || !BSON_ITER_HOLDS_UTF8(&iter))
                return NULL;

        return strdup(bson_iter_utf8(&iter, NULL));
}

static int64_t get_int(const bson_t *bson, const char *key) {
        bson_iter_t iter;

        return bson_iter_init_find(&iter, bson, key) ? bson_iter_as_int64(&iter) : 0;
}

static int64_t get_time(const bson_t *bson, const char *key) {
        bson_iter_t iter;

        if (!bson_iter_init_find(&iter, bson, key) || !BSON_ITER_HOLDS_DATE_TIME(&iter))
                return 0;

        return bson_iter_date_time(&iter);
}

/* A subdocument as a view into @bson. */
static bool get_child(const bson_t *bson, const char *key, bson_t *ret_child) {
        bson_iter_t iter;
        const uint8_t *data;
        uint32_t len;

        if (!bson_iter_init_find(&iter, bson, key) || !BSON_ITER_HOLDS_DOCUMENT(&iter))
                return false;

        bson_iter_document(&iter, &len, &data);
        return bson_init_static(ret_child, data, len);
}

static int read_changed(const bson_t *bson, StringList *changed) {
        bson_t child;
        bson_iter_t iter;

        if (!get_child(bson, "changed", &child) || !bson_iter_init(&iter, &child))
                return 0;

        while (bson_iter_next(&iter)) {
                int r = -EINVAL;

                if (BSON_ITER_HOLDS_UTF8(&iter))
                        r = string_map_add(changed, bson_iter_key(&iter), bson_iter_utf8(&iter, NULL));
                if (r)
                        return error_trace(r);
        }

        return 0;
}

static void read_tally(const bson_t *bson, Tally *tally) {
        bson_t child, failed;

        if (!get_child(bson, "totals", &child))
                return;

        tally->ok = (uint64_t)get_int(&child, "ok");
        tally->gone = (uint64_t)get_int(&child, "gone");
        tally->attempts = (uint64_t)get_int(&child, "attempts");
        if (get_child(&child, "failed", &failed))
                for (FailureReason reason = REASON_NONE + 1; reason < _REASON_N; reason++)
                        tally->failed[reason] = (uint64_t)get_int(&failed, reason_name(reason));
}

static void read_progress(const bson_t *bson, JobRecord *record) {
        bson_iter_t iter;
        bson_t child;

        record->generation = (int32_t)get_int(bson, "generation");
        record->created_ms = get_time(bson, "created");
        record->started_ms = get_time(bson, "started");
        record->ended_ms = get_time(bson, "ended");
        record->started_before = (uint64_t)get_int(bson, "started_before");
        record->begun = true;
        if (get_child(bson, "retry", &child))
                record->retry = bson_copy(&child);
        if (get_child(bson, "watermark", &child) && bson_iter_init_find(&iter, &child, "_id"))
                bson_value_copy(bson_iter_value(&iter), &record->watermark);
        if (get_child(bson, "since_resumed", &child))
                failure_stop_read(&record->stop, &child);
        read_tally(bson, &record->tally);
        record->unsettled = bson_iter_init_find(&iter, bson, "unsettled") && bson_iter_as_bool(&iter);
}

int job_record_from_bson(const bson_t *bson, JobRecord *ret_record) {
        _cleanup_(job_record_deinit) JobRecord record = {};
        _cleanup_free_ char *state = dup_utf8(bson, "state");
        bson_iter_t iter;
        int r;

        if (!bson_iter_init_find(&iter, bson, "_id") || !BSON_ITER_HOLDS_OID(&iter))
                return -EINVAL; /* somebody else's: the lease, or a stray document */

        bson_oid_copy(bson_iter_oid(&iter), &record.id);
        record.name = dup_utf8(bson, "name");
        record.spec = dup_utf8(bson, "spec");
        record.reason = dup_utf8(bson, "reason");
        if (!record.name || !record.spec || !state || state_parse(state, &record.state))
                return -EINVAL;

        r = read_changed(bson, &record.changed);
        if (r)
                return r;

        read_progress(bson, &record);
        *ret_record = record;
        record = (JobRecord) {};
        return 0;
}

void job_record_deinit(JobRecord *record) {
        free(record->name);
        free(record->spec);
        free(record->reason);
        string_list_deinit(&record->changed);
        if (record->retry)
                bson_destroy(record->retry);
        bson_value_destroy(&record->watermark);
        failure_stop_reset(&record->stop);
        *record = (JobRecord) {};
}
