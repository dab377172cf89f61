/* A job's failed documents, grouped by reason. */

#include "daemon/job/failure_groups.h"

#include <errno.h>
#include <string.h>

#include "daemon/store/bson_json.h"

#define STATUS_MAX 999

typedef struct Failure Failure;

/* What one document's meta says; `error` points into it. */
struct Failure {
        FailureReason reason;
        const char *error;
        int64_t status;
        int64_t attempts;
};

static Failure read_failure(const bson_t *document, const char *meta) {
        Failure failure = {};
        bson_iter_t iter, member;

        if (!bson_iter_init_find(&iter, document, meta) || !BSON_ITER_HOLDS_DOCUMENT(&iter) ||
                !bson_iter_recurse(&iter, &member))
                return failure;

        while (bson_iter_next(&member)) {
                const char *key = bson_iter_key(&member);

                if (strcmp(key, "reason") == 0 && BSON_ITER_HOLDS_UTF8(&member))
                        failure.reason = reason_parse(bson_iter_utf8(&member, NULL));
                else if (strcmp(key, "error") == 0 && BSON_ITER_HOLDS_UTF8(&member))
                        failure.error = bson_iter_utf8(&member, NULL);
                else if (strcmp(key, "status") == 0)
                        failure.status = bson_iter_as_int64(&member);
                else if (strcmp(key, "attempts") == 0)
                        failure.attempts = bson_iter_as_int64(&member);
        }

        return failure;
}

static FailureGroup *find_group(FailureGroups *groups, const Failure *failure) {
        int64_t status = failure->reason == REASON_HTTP_STATUS ? failure->status : 0;
        FailureGroup *more;

        if (status < 0 || status > STATUS_MAX) /* not ours, whoever wrote it */
                status = 0;
        for (size_t i = 0; i < groups->n; i++)
                if (groups->groups[i].reason == failure->reason && groups->groups[i].status == status)
                        return &groups->groups[i];

        more = reallocarray(groups->groups, groups->n + 1, sizeof(*more));
        if (!more)
                return NULL;

        groups->groups = more;
        more[groups->n] = (FailureGroup) { .reason = failure->reason, .status = status };
        return &more[groups->n++];
}

static int add_example(FailureGroup *group, const bson_t *document, const Failure *failure) {
        FailureExample *example = &group->examples[group->n_examples];
        bson_iter_t id;

        if (group->n_examples == FAILURE_EXAMPLES_MAX)
                return 0;

        *example = (FailureExample) { .status = failure->status, .attempts = failure->attempts };
        example->error = failure->error ? strdup(failure->error) : NULL;
        if (failure->error && !example->error)
                return -ENOMEM;

        example->id = bson_new();
        if (bson_iter_init_find(&id, document, "_id"))
                bson_append_iter(example->id, "_id", -1, &id);
        group->n_examples++;
        return 0;
}

int failure_groups_add(FailureGroups *groups, const bson_t *document, const char *meta) {
        Failure failure = read_failure(document, meta);
        FailureGroup *group = find_group(groups, &failure);

        if (!group)
                return -ENOMEM;

        groups->documents++;
        group->count++;
        return add_example(group, document, &failure);
}

static int compare(const void *a, const void *b) {
        uint64_t left = ((const FailureGroup *)a)->count, right = ((const FailureGroup *)b)->count;

        return left < right ? 1 : left > right ? -1 : 0;
}

static void write_status(JsonWriter *writer, int64_t status) {
        if (status)
                json_member_int(writer, "status", status);
        else
                json_member_null(writer, "status");
}

static void write_example(const FailureExample *example, JsonWriter *writer) {
        json_open_object(writer);
        json_key(writer, "document");
        bson_write_json(example->id, writer);
        write_status(writer, example->status);
        json_member_int(writer, "attempts", example->attempts);
        json_member_string(writer, "error", example->error);
        json_close_object(writer);
}

static void write_group(const FailureGroup *group, JsonWriter *writer) {
        json_open_object(writer);
        json_member_string(writer, "reason", reason_name(group->reason));
        write_status(writer, group->status);
        json_member_uint(writer, "count", group->count);
        json_member_string(writer, "help", reason_help(group->reason));
        json_member_string(writer, "remedy", reason_remedy(group->reason));
        json_key(writer, "examples");
        json_open_array(writer);
        for (size_t i = 0; i < group->n_examples; i++)
                write_example(&group->examples[i], writer);
        json_close_array(writer);
        json_close_object(writer);
}

void failure_groups_write(FailureGroups *groups, JsonWriter *writer) {
        if (groups->n)
                qsort(groups->groups, groups->n, sizeof(*groups->groups), compare);

        json_member_uint(writer, "failed", groups->documents);
        json_key(writer, "groups");
        json_open_array(writer);
        for (size_t i = 0; i < groups->n; i++)
                write_group(&groups->groups[i], writer);
        json_close_array(writer);
}

void failure_groups_deinit(FailureGroups *groups) {
        for (size_t i = 0; i < groups->n; i++)
                for (size_t j = 0; j < groups->groups[i].n_examples; j++) {
                        bson_destroy(groups->groups[i].examples[j].id);
                        free(groups->groups[i].examples[j].error);
                }

        free(groups->groups);
        *groups = (FailureGroups) {};
}
