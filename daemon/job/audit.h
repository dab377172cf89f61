#pragma once

#include <bson/bson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/json.h"
#include "daemon/measure/tally.h"

/*
 * Counts again, document by document as the store gives them, whether every one has exactly one outcome of a job.
 * Pure: no I/O, one thread at a time.
 */

typedef struct Audit Audit;

struct Audit {
        const char *field; /* result and meta field; they outlive the audit */
        const char *meta;
        bson_oid_t job;
        int32_t generation; /* the present one */
        bool ended;         /* what has no outcome now will get none */
        bool done;          /* and nothing should be without one */

        uint64_t documents;
        Tally tally;       /* documents with an outcome of this job */
        Tally current;     /* those whose outcome is of the present generation */
        uint64_t open;     /* neither an outcome nor a result field */
        uint64_t others;   /* with the outcome of another job */
        uint64_t answered; /* a result field, and no outcome of any job: from before, or another program's */
        uint64_t without_result; /* ok, but the result field is not there */
        uint64_t with_result;    /* failed, but the result field is there */
};

/* @document: with its result and meta field, if they are there. */
void audit_document(Audit *audit, const bson_t *document);

/*
 * Writes the counts as members of Verification, and what is wrong with them.
 *
 * @totals: what the job's record counted in this generation; NULL: it changes still, and is not compared.
 */
void audit_write(const Audit *audit, const Tally *totals, JsonWriter *writer);
