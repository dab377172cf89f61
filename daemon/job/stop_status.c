/* Why a job has paused itself for its failures. */

#include "daemon/job/stop_status.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/job/job_internal.h"
#include "daemon/store/bson_json.h"

static bool stopped(const Job *job) {
        const JobRecord *record = &job->record;

        return record->state == JOB_PAUSED && record->reason &&
               strcmp(record->reason, JOB_TOO_MANY_FAILURES) == 0;
}

char *stop_status_detail(const Job *job, char text[STOP_DETAIL_SIZE]) {
        const FailureStop *stop = &job->record.stop;
        _cleanup_free_ char *limit = NULL;

        text[0] = '\0';
        if (!stopped(job))
                return text;

        limit = option_text(option_find(job_spec_options, "stop.failures"), job->spec);
        snprintf(text, STOP_DETAIL_SIZE, "%" PRIu64 " of %" PRIu64 " documents failed; stop.failures is %s",
                stop->failed, stop->ended, limit ? limit : "");
        return text;
}

/* What is neither an ObjectId, a string nor a whole number is shown as {"_id": ...} in Extended JSON. */
static void write_other_id(const bson_value_t *id, JsonWriter *writer) {
        _cleanup_(json_writer_freep) JsonWriter *inner = json_writer_new(false);
        bson_t document = BSON_INITIALIZER;
        const char *text = NULL;

        bson_append_value(&document, "_id", -1, id);
        if (inner) {
                bson_write_json(&document, inner);
                text = json_writer_text(inner, NULL);
        }
        json_member_string(writer, "id", text ? text : "?");
        bson_destroy(&document);
}

static void write_id(const bson_value_t *id, JsonWriter *writer) {
        char text[32];

        switch (id->value_type) {
        case BSON_TYPE_OID:
                bson_oid_to_string(&id->value.v_oid, text);
                json_member_string(writer, "id", text);
                break;
        case BSON_TYPE_UTF8:
                json_key(writer, "id");
                json_put_string_n(writer, id->value.v_utf8.str, id->value.v_utf8.len);
                break;
        case BSON_TYPE_INT32:
                snprintf(text, sizeof(text), "%" PRId32, id->value.v_int32);
                json_member_string(writer, "id", text);
                break;
        case BSON_TYPE_INT64:
                snprintf(text, sizeof(text), "%" PRId64, id->value.v_int64);
                json_member_string(writer, "id", text);
                break;
        default:
                write_other_id(id, writer);
        }
}

static void write_example(const StopExample *example, JsonWriter *writer) {
        json_open_object(writer);
        write_id(&example->id, writer);
        json_member_string(writer, "reason", reason_name(example->reason));
        if (example->status)
                json_member_int(writer, "status", example->status);
        else
                json_member_null(writer, "status");
        json_close_object(writer);
}

void stop_status_write(const Job *job, JsonWriter *writer) {
        const FailureStop *stop = &job->record.stop;

        json_key(writer, "examples");
        json_open_array(writer);
        for (size_t i = 0; stopped(job) && i < stop->n_examples; i++)
                write_example(&stop->examples[i], writer);
        json_close_array(writer);
}
