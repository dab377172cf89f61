/* Counts again whether every document has exactly one outcome. */

#include "daemon/job/audit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/store/outcome.h"

typedef struct Meta Meta;

/* What the meta field says. */
struct Meta {
        bool there;
        bool own; /* of the job */
        OutcomeState state;
        FailureReason reason;
        int64_t generation;
};

static bool says(const bson_iter_t *iter, const char *text) {
        return BSON_ITER_HOLDS_UTF8(iter) && strcmp(bson_iter_utf8(iter, NULL), text) == 0;
}

static Meta read_meta(const Audit *audit, const bson_t *document) {
        Meta meta = { .state = OUTCOME_FAILED };
        bson_iter_t iter, member;

        meta.there = bson_iter_init_find(&iter, document, audit->meta);
        if (!meta.there || !BSON_ITER_HOLDS_DOCUMENT(&iter) || !bson_iter_recurse(&iter, &member))
                return meta;

        while (bson_iter_next(&member)) {
                const char *key = bson_iter_key(&member);

                if (strcmp(key, "id") == 0)
                        meta.own = BSON_ITER_HOLDS_OID(&member) &&
                                   bson_oid_equal(bson_iter_oid(&member), &audit->job);
                else if (strcmp(key, "state") == 0 && says(&member, outcome_state_name(OUTCOME_OK)))
                        meta.state = OUTCOME_OK;
                else if (strcmp(key, "reason") == 0 && BSON_ITER_HOLDS_UTF8(&member))
                        meta.reason = reason_parse(bson_iter_utf8(&member, NULL));
                else if (strcmp(key, "gen") == 0)
                        meta.generation = bson_iter_as_int64(&member);
        }

        return meta;
}

/* A reason that this version does not know stays nameless, and failed. */
static void count(Tally *tally, const Meta *meta) {
        if (meta->state == OUTCOME_OK)
                tally->ok++;
        else
                tally->failed[meta->reason]++;
}

static void count_own(Audit *audit, const Meta *meta, bool has_result) {
        count(&audit->tally, meta);
        if (meta->generation == audit->generation)
                count(&audit->current, meta);

        if (meta->state == OUTCOME_OK && !has_result)
                audit->without_result++;
        if (meta->state == OUTCOME_FAILED && has_result)
                audit->with_result++;
}

void audit_document(Audit *audit, const bson_t *document) {
        Meta meta = read_meta(audit, document);
        bson_iter_t iter;
        bool has_result = bson_iter_init_find(&iter, document, audit->field);

        audit->documents++;
        if (meta.own)
                count_own(audit, &meta, has_result);
        else if (meta.there && (has_result || audit->ended))
                audit->others++;
        else if (has_result)
                audit->answered++;
        else
                audit->open++; /* for a job at work that includes what another one has failed with */
}

/* How many outcomes @a has beyond those of the same kind in @b. */
static uint64_t beyond(const Tally *a, const Tally *b) {
        uint64_t n = a->ok > b->ok ? a->ok - b->ok : 0;

        for (FailureReason reason = 0; reason < _REASON_N; reason++)
                n += a->failed[reason] > b->failed[reason] ? a->failed[reason] - b->failed[reason] : 0;

        return n;
}

typedef enum Problem {
        PROBLEM_OPEN,
        PROBLEM_WITHOUT_RESULT,
        PROBLEM_WITH_RESULT,
        PROBLEM_MISSING,
        PROBLEM_SURPLUS,
        _PROBLEM_N,
} Problem;

static const struct {
        const char *name;
        const char *message;
        const char *hint;
} problems[_PROBLEM_N] = {
        [PROBLEM_OPEN] = { "open", "documents without an outcome, though the job is done",
                "they came behind the place where it was reading: the same job under another name sends "
                "them" },
        [PROBLEM_WITHOUT_RESULT] = { "ok_without_result", "documents that are ok, but have no result field",
                "somebody has removed it; remove their meta field, too, and the same job under another name "
                "sends them again" },
        [PROBLEM_WITH_RESULT] = { "failed_with_result", "documents that failed, but have a result field",
                "another job or program has written it: give each job fields of its own, --field and "
                "--meta" },
        [PROBLEM_MISSING] = { "missing", "outcomes that the job has counted, but the store does not show",
                "their documents were deleted, or another job has written to the same meta field" },
        [PROBLEM_SURPLUS] = { "surplus", "outcomes that the store shows, but the job has not counted",
                "its totals are wrong, its outcomes are not: this is a fault of reqd, please report it" },
};

static void find_problems(const Audit *audit, const Tally *totals, uint64_t found[static _PROBLEM_N]) {
        found[PROBLEM_OPEN] = audit->done ? audit->open : 0;
        found[PROBLEM_WITHOUT_RESULT] = audit->without_result;
        found[PROBLEM_WITH_RESULT] = audit->with_result;
        found[PROBLEM_MISSING] = totals ? beyond(totals, &audit->current) : 0;
        found[PROBLEM_SURPLUS] = totals ? beyond(&audit->current, totals) : 0;
}

static void write_problem(Problem problem, uint64_t count, JsonWriter *writer) {
        json_open_object(writer);
        json_member_string(writer, "problem", problems[problem].name);
        json_member_uint(writer, "count", count);
        json_member_string(writer, "message", problems[problem].message);
        json_member_string(writer, "hint", problems[problem].hint);
        json_close_object(writer);
}

static void write_problems(const uint64_t found[static _PROBLEM_N], JsonWriter *writer) {
        bool verified = true;

        json_key(writer, "problems");
        json_open_array(writer);
        for (Problem problem = 0; problem < _PROBLEM_N; problem++)
                if (found[problem]) {
                        write_problem(problem, found[problem], writer);
                        verified = false;
                }
        json_close_array(writer);
        json_member_bool(writer, "verified", verified);
}

void audit_write(const Audit *audit, const Tally *totals, JsonWriter *writer) {
        uint64_t found[_PROBLEM_N];

        find_problems(audit, totals, found);
        json_member_uint(writer, "documents", audit->documents);
        json_member_uint(writer, "ok", audit->tally.ok);
        json_member_uint(writer, "failed", tally_failed(&audit->tally));
        json_key(writer, "failures");
        json_open_object(writer);
        for (FailureReason reason = REASON_NONE + 1; reason < _REASON_N; reason++)
                if (audit->tally.failed[reason])
                        json_member_uint(writer, reason_name(reason), audit->tally.failed[reason]);
        json_close_object(writer);
        json_member_uint(writer, "open", audit->open);
        json_member_uint(writer, "others", audit->others);
        json_member_uint(writer, "answered", audit->answered);
        json_member_uint(writer, "ok_without_result", audit->without_result);
        json_member_uint(writer, "failed_with_result", audit->with_result);
        if (totals)
                json_member_bool(writer, "totals_match", !found[PROBLEM_MISSING] && !found[PROBLEM_SURPLUS]);
        else
                json_member_null(writer, "totals_match");
        write_problems(found, writer);
}
