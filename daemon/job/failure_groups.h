#pragma once

#include <bson/bson.h>
#include <stddef.h>
#include <stdint.h>

#include "common/alloc.h"
#include "common/json.h"
#include "daemon/spec/reason.h"

/*
 * A job's failed documents grouped by reason, those of http_status by status, too, with some examples each. Memory
 * is bounded by the reasons and statuses that there are. Pure: no I/O, one thread at a time.
 */

#define FAILURE_EXAMPLES_MAX 3

typedef struct FailureExample FailureExample;
typedef struct FailureGroup FailureGroup;
typedef struct FailureGroups FailureGroups;

struct FailureExample {
        bson_t *id; /* {_id: ...} */
        char *error;
        int64_t status; /* 0: none came */
        int64_t attempts;
};

struct FailureGroup {
        FailureReason reason;
        int64_t status; /* http_status only; else 0 */
        uint64_t count;
        FailureExample examples[FAILURE_EXAMPLES_MAX];
        size_t n_examples;
};

/* Zeroed is an empty one. */
struct FailureGroups {
        FailureGroup *groups;
        size_t n;
        uint64_t documents;
};

/* @document: with _id and @meta, the field that says why it failed. Returns 0 or -ENOMEM. */
int failure_groups_add(FailureGroups *groups, const bson_t *document, const char *meta);

/* Writes the members `failed` and `groups` of GetErrors' reply, the largest group first. */
void failure_groups_write(FailureGroups *groups, JsonWriter *writer);

void failure_groups_deinit(FailureGroups *groups);
