/* What is stored for a document, the same over every kind of store. */

#include "daemon/store/outcome.h"

#include <string.h>

#include "common/utf8.h"

#define USEC_PER_MSEC_DOUBLE 1000.0

const char *outcome_state_name(OutcomeState state) {
        return state == OUTCOME_OK ? "ok" : "failed";
}

Outcome *outcome_new(void) {
        return calloc(1, sizeof(Outcome));
}

Outcome *outcome_free(Outcome *outcome) {
        if (!outcome)
                return NULL;

        bson_value_destroy(&outcome->key);
        bson_destroy(outcome->value_bson);
        free(outcome->error);
        free(outcome->value);
        free(outcome->body);
        free(outcome);
        return NULL;
}

static size_t key_size(const bson_value_t *key) {
        switch (key->value_type) {
        case BSON_TYPE_UTF8:
                return key->value.v_utf8.len;
        case BSON_TYPE_DOCUMENT:
                return key->value.v_doc.data_len;
        case BSON_TYPE_BINARY:
                return key->value.v_binary.data_len;
        default:
                return 0;
        }
}

size_t outcome_size(const Outcome *outcome) {
        size_t size = sizeof(*outcome) + key_size(&outcome->key) + outcome->value_len + outcome->body_len;

        if (outcome->error)
                size += strlen(outcome->error);
        if (outcome->value_bson)
                size += outcome->value_bson->len;

        return size;
}

Outcome outcome_refused(const Outcome *outcome) {
        Outcome refused = *outcome;

        refused.state = OUTCOME_FAILED;
        refused.reason = REASON_STORE_REFUSED;
        refused.raw = false;
        refused.value_form = OUTCOME_VALUE_NONE;
        refused.value = NULL;
        refused.value_len = 0;
        refused.value_bson = NULL;
        refused.body = NULL;
        refused.body_len = 0;
        return refused;
}

/* The smallest type that holds it, as numbers come back from a store that keeps JSON. */
static bool append_count(bson_t *bson, const char *key, uint64_t count) {
        if (count <= INT32_MAX)
                return bson_append_int32(bson, key, -1, (int32_t)count);

        return bson_append_int64(bson, key, -1, count <= INT64_MAX ? (int64_t)count : INT64_MAX);
}

static bool append_text(bson_t *bson, const char *key, const char *text, size_t len) {
        if (len > INT32_MAX)
                return false;
        if (utf8_valid(text, len))
                return bson_append_utf8(bson, key, -1, text, (int)len);

        return bson_append_binary(bson, key, -1, BSON_SUBTYPE_BINARY, (const uint8_t *)text, (uint32_t)len);
}

static bool append_timing(bson_t *bson, const OutcomeTiming *timing) {
        const struct {
                const char *key;
                uint64_t us;
        } phases[] = {
                { "dns", timing->dns_us },
                { "connect", timing->connect_us },
                { "tls", timing->tls_us },
                { "wait", timing->wait_us },
                { "total", timing->total_us },
        };
        bson_t ms;

        if (!bson_append_document_begin(bson, "ms", -1, &ms))
                return false;

        for (size_t i = 0; i < ELEMENTSOF(phases); i++)
                if (!bson_append_double(&ms, phases[i].key, -1, (double)phases[i].us / USEC_PER_MSEC_DOUBLE))
                        return false;

        return bson_append_document_end(bson, &ms);
}

static bool append_verdict(bson_t *meta, const Outcome *outcome) {
        if (!bson_append_utf8(meta, "state", -1, outcome_state_name(outcome->state), -1))
                return false;
        if (outcome->reason != REASON_NONE &&
                !bson_append_utf8(meta, "reason", -1, reason_name(outcome->reason), -1))
                return false;
        if (outcome->status != 0 && !bson_append_int32(meta, "status", -1, outcome->status))
                return false;

        return append_count(meta, "attempts", outcome->attempts) &&
               bson_append_date_time(meta, "at", -1, outcome->at_ms);
}

static bool append_answer(bson_t *meta, const Outcome *outcome) {
        if (!append_count(meta, "bytes", outcome->bytes) || !append_count(meta, "n", outcome->n))
                return false;
        if (outcome->raw && !bson_append_bool(meta, "raw", -1, true))
                return false;
        if (outcome->error && !append_text(meta, "error", outcome->error, strlen(outcome->error)))
                return false;

        return outcome->state == OUTCOME_OK || !outcome->body ||
               append_text(meta, "body", outcome->body, outcome->body_len);
}

bool outcome_append_meta(const Outcome *outcome, const bson_oid_t *job, const char *job_name,
        int32_t generation, bson_t *meta) {
        return bson_append_oid(meta, "id", -1, job) && bson_append_utf8(meta, "job", -1, job_name, -1) &&
               bson_append_int32(meta, "gen", -1, generation) && append_verdict(meta, outcome) &&
               append_timing(meta, &outcome->timing) && append_answer(meta, outcome);
}
