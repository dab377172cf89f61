/* What became of a job's documents, counted from the store: Verify and GetErrors. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/timeutil.h"
#include "daemon/control/command.h"
#include "daemon/control/rest.h"
#include "daemon/control/scan.h"
#include "daemon/job/audit.h"
#include "daemon/job/failure_groups.h"

#define PROGRESS_US (500 * USEC_PER_MSEC)
#define BACKLOG_MAX (256u * 1024)

typedef struct Verify Verify;
typedef struct Errors Errors;

struct Verify {
        Scan scan;
        char id[25]; /* the job's */
        char *field;
        char *meta;
        bool at_rest; /* its totals were final as this began */
        uint64_t told_at_us;
        Audit audit;
};

struct Errors {
        Scan scan;
        char *name; /* the job's */
        char *meta;
        FailureGroups groups;
};

static void verify_release(Scan *scan) {
        Verify *verify = (Verify *)scan;

        free(verify->field);
        free(verify->meta);
        free(verify);
}

static int verify_page(Scan *scan, const StorePage *page) {
        for (size_t i = 0; i < page->n_rows; i++)
                audit_document(&((Verify *)scan)->audit, page->rows[i].document);

        return 0;
}

static void verify_progress(Scan *scan) {
        Verify *verify = (Verify *)scan;
        uint64_t now_us = time_now_us();
        JsonWriter *writer;

        if (now_us - verify->told_at_us < PROGRESS_US || call_backlog(scan->call) > BACKLOG_MAX)
                return;

        verify->told_at_us = now_us;
        writer = call_begin(scan->call);
        json_member_uint(writer, "examined", scan->examined);
        json_member_null(writer, "result");
        call_reply(scan->call, true);
}

static bool totals_are_final(const Job *job) {
        return job_ended(job) && job_quiet(job);
}

static void verify_finish(Scan *scan) {
        _cleanup_(user_error_deinit) UserError error = {};
        Verify *verify = (Verify *)scan;
        Call *call = scan->call;
        JsonWriter *writer;
        bool final;
        Job *job;
        int r;

        r = registry_find(call->control->registry, verify->id, &job, &error);
        if (r) {
                call_fail(call, r, &error);
                return;
        }

        final = verify->at_rest && totals_are_final(job) &&
                job->record.generation == verify->audit.generation;
        writer = call_begin(call);
        json_member_uint(writer, "examined", scan->examined);
        json_key(writer, "result");
        json_open_object(writer);
        json_member_string(writer, "job", job->record.name);
        json_member_string(writer, "state", job_state_name(job->record.state));
        json_member_int(writer, "generation", job->record.generation);
        audit_write(&verify->audit, final ? &job->record.tally : NULL, writer);
        json_close_object(writer);
        call_reply(call, false);
}

static Verify *verify_new(Call *call, const Job *job) {
        Verify *verify = calloc(1, sizeof(*verify));

        if (!verify)
                return NULL;

        bson_oid_to_string(&job->record.id, verify->id);
        verify->field = strdup(job->spec->result.field);
        verify->meta = strdup(job->spec->result.meta);
        verify->at_rest = totals_are_final(job);
        verify->told_at_us = time_now_us();
        verify->audit = (Audit) {
                .field = verify->field,
                .meta = verify->meta,
                .job = job->record.id,
                .generation = job->record.generation,
                .ended = job_ended(job),
                .done = job->record.state == JOB_DONE,
        };
        verify->scan = (Scan) {
                .call = call,
                .page = verify_page,
                .progress = verify_progress,
                .finish = verify_finish,
                .release = verify_release,
        };
        return verify;
}

/* What the job is about: documents that match its filter, and those that have its outcome. */
static bson_t *scope_filter(const Job *job, const char *meta) {
        _cleanup_free_ char *id = NULL;
        bson_t *filter;

        if (!job->spec->filter_bson || asprintf(&id, "%s.id", meta) < 0)
                return NULL;

        filter = BCON_NEW("$or", "[", BCON_DOCUMENT(job->spec->filter_bson), "{", id,
                BCON_OID(&job->record.id), "}", "]");
        return filter;
}

static int verify_start(Verify *verify, const Job *job) {
        const char *fields[] = { verify->field, verify->meta, NULL };
        bson_t *filter = scope_filter(job, verify->meta);
        StoreQuery query = {
                .selection = STORE_SELECT_ALL,
                .target = { .collection = job->spec->collection,
                        .field = verify->field,
                        .meta = verify->meta },
                .filter = filter,
                .fields = fields,
        };
        int r;

        r = verify->field && verify->meta ? scan_start(&verify->scan, &query) : -ENOMEM;
        bson_destroy(filter);
        return r;
}

static void verify_job(Call *call, Job *job) {
        Verify *verify = verify_new(call, job);
        int r;

        r = verify ? verify_start(verify, job) : -ENOMEM;
        if (!r)
                return;

        if (verify)
                verify_release(&verify->scan);
        call_fail(call, r, &(UserError) {});
}

void cmd_verify(Call *call) {
        rest_wait(call, verify_job);
}

static void errors_release(Scan *scan) {
        Errors *errors = (Errors *)scan;

        failure_groups_deinit(&errors->groups);
        free(errors->name);
        free(errors->meta);
        free(errors);
}

static int errors_page(Scan *scan, const StorePage *page) {
        Errors *errors = (Errors *)scan;
        int r = 0;

        for (size_t i = 0; !r && i < page->n_rows; i++)
                r = failure_groups_add(&errors->groups, page->rows[i].document, errors->meta);

        return r;
}

static void errors_finish(Scan *scan) {
        Errors *errors = (Errors *)scan;
        Call *call = scan->call;
        JsonWriter *writer = call_begin(call);

        json_member_string(writer, "job", errors->name);
        failure_groups_write(&errors->groups, writer);
        call_reply(call, false);
}

static int errors_start(Errors *errors, const Job *job) {
        const char *fields[] = { errors->meta, NULL };
        StoreQuery query = {
                .selection = STORE_SELECT_FAILED,
                .target = {
                        .collection = job->spec->collection,
                        .field = job->spec->result.field,
                        .meta = job->spec->result.meta,
                        .job = job->record.id,
                        .job_name = job->record.name,
                        .generation = job->record.generation + 1, /* what that one could take: all failed ones */
                },
                .fields = fields,
        };

        return errors->name && errors->meta ? scan_start(&errors->scan, &query) : -ENOMEM;
}

static void list_errors(Call *call, Job *job) {
        Errors *errors = calloc(1, sizeof(*errors));
        int r = -ENOMEM;

        if (errors) {
                errors->name = strdup(job->record.name);
                errors->meta = strdup(job->spec->result.meta);
                errors->scan = (Scan) {
                        .call = call, .page = errors_page, .finish = errors_finish, .release = errors_release
                };
                r = errors_start(errors, job);
        }
        if (!r)
                return;

        if (errors)
                errors_release(&errors->scan);
        call_fail(call, r, &(UserError) {});
}

void cmd_get_errors(Call *call) {
        rest_wait(call, list_errors);
}
