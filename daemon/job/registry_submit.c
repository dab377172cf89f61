/* Submitting, retrying and deleting jobs. */

#include "daemon/job/registry.h"

#include <errno.h>
#include <string.h>

#include "common/fault.h"
#include "daemon/job/job_event.h"
#include "daemon/job/registry_internal.h"

typedef struct Submission Submission;
typedef struct Deletion Deletion;

/* A job on its way into the store: its filter is tried, then its record saved. */
struct Submission {
        StoreWork work;
        Registry *registry;
        Job *job;
        bson_oid_t id; /* the job's */
        char *collection;
        bson_t *filter;
        bool filter_refused;
        bson_t *record;
        registry_submit_fn done;
        void *userdata;
};

struct Deletion {
        StoreWork work;
        Registry *registry;
        Job *job;
        bson_oid_t id;
        Actor by;
        registry_delete_fn done;
        void *userdata;
};

static bool writes_to(const Job *job, const char *field) {
        return strcmp(job->spec->result.field, field) == 0 || strcmp(job->spec->result.meta, field) == 0;
}

/* Two jobs at work on one field of one collection would overwrite each other's outcomes. */
static int check_fields(const struct JobList *jobs, const JobSpec *spec, UserError *error) {
        const Job *job;

        TAILQ_FOREACH(job, jobs, entry) {
                if (job_ended(job) || strcmp(job->spec->collection, spec->collection) != 0)
                        continue;
                if (writes_to(job, spec->result.field))
                        user_error_set(error, "result.field", "give it another field: --field and --meta",
                                "job %s writes to \"%s\" of %s", job->record.name, spec->result.field,
                                spec->collection);
                else if (writes_to(job, spec->result.meta))
                        user_error_set(error, "result.meta", "give it another one: --meta",
                                "job %s writes to \"%s\" of %s", job->record.name, spec->result.meta,
                                spec->collection);
                if (error->message)
                        return REGISTRY_E_CONFLICT;
        }

        return 0;
}

static int check_room(const Registry *registry, UserError *error) {
        const Job *job;
        uint32_t n = 0;

        TAILQ_FOREACH(job, &registry->jobs, entry)
                n += !job_ended(job);
        TAILQ_FOREACH(job, &registry->arriving, entry)
                n++;
        if (n < registry->max_jobs)
                return 0;

        user_error_set(error, NULL, "raise MaxJobs= in reqd.conf, or wait",
                "%u jobs are unfinished, and that is the limit", n);
        return REGISTRY_E_BUSY;
}

/* Whether a job of @spec may be at work beside those that are. */
static int check_beside(const Registry *registry, const JobSpec *spec, UserError *error) {
        int r;

        r = check_room(registry, error);
        if (!r)
                r = check_fields(&registry->jobs, spec, error);
        if (!r)
                r = check_fields(&registry->arriving, spec, error);
        return r;
}

/* The same file again while its job is unfinished is that job. */
static int check_name(Job *job, const JobSpec *spec, UserError *error) {
        _cleanup_free_ char *text = job_spec_text(spec);

        if (!text)
                return -ENOMEM;

        if (job_ended(job))
                user_error_set(error, "name",
                        "reqctl retry takes its failed documents again, reqctl delete forgets it, "
                        "or give another name",
                        "there is a job %s, which has ended", job->record.name);
        else if (strcmp(text, job->record.spec) != 0)
                user_error_set(error, "name", "reqctl set changes a running job; or give another name",
                        "there is an unfinished job %s, submitted with other settings", job->record.name);
        else
                return 0;

        return REGISTRY_E_CONFLICT;
}

static int run_submission(StoreWork *work, Store *store) {
        Submission *submission = (Submission *)work;
        int r;

        if (submission->filter) {
                r = store_check_filter(store, submission->collection, submission->filter, &work->failure);
                submission->filter_refused = r == STORE_E_REFUSED;
                if (r)
                        return r;
        }

        r = store_job_save(store, submission->record, &work->failure);
        fault_point(FAULT_SUBMITTED);
        return r;
}

static Submission *submission_free(Submission *submission) {
        if (!submission)
                return NULL;

        job_free(submission->job);
        free(submission->collection);
        if (submission->filter)
                bson_destroy(submission->filter);
        if (submission->record)
                bson_destroy(submission->record);
        free(submission);
        return NULL;
}

DEFINE_FREEP(Submission, submission);

static int store_answer(const StoreWork *work, int r, UserError *error) {
        if (r == 0)
                return 0;

        user_error_set(error, NULL, NULL, "the store %s: %s",
                r == STORE_E_AWAY ? "does not answer" : "refuses", work->failure.message);
        return r == STORE_E_AWAY ? REGISTRY_E_AWAY : REGISTRY_E_REFUSED;
}

static int run_withdrawal(StoreWork *work, Store *store) {
        return store_job_delete(store, &((Submission *)work)->id, &work->failure);
}

static void withdrawal_drop(StoreWork *work) {
        submission_free((Submission *)work);
}

static void withdrawal_done(StoreWork *work, int r) {
        withdrawal_drop(work);
}

/*
 * The store went away: nobody knows whether the record got there. Its client was told that it did not, so it
 * is taken out as soon as the store is back, or the job would begin by itself at the next start.
 */
static void withdraw(Submission *submission) {
        submission->work =
                (StoreWork) { .run = run_withdrawal, .done = withdrawal_done, .drop = withdrawal_drop };
        store_link_submit(&submission->registry->link, WORK_RECORD, &submission->work);
}

static void submission_done(StoreWork *work, int r) {
        _cleanup_(submission_freep) Submission *submission = (Submission *)work;
        _cleanup_(user_error_deinit) UserError error = {};
        Registry *registry = submission->registry;
        bool uncertain = r == STORE_E_AWAY;
        Job *job = NULL;

        TAILQ_REMOVE(&registry->arriving, submission->job, entry);
        r = submission->filter_refused ? user_error_set(&error, "filter", NULL, "%s", work->failure.message)
                                       : store_answer(work, r, &error);
        if (!r) {
                job = TAKE_PTR(submission->job);
                registry_add(registry, job);
        }

        submission->done(submission->userdata, r, job, true, &error);
        if (uncertain)
                withdraw(TAKE_PTR(submission));
}

static void submission_drop(StoreWork *work) {
        submission_done(work, -ECANCELED);
}

static int submission_new(Registry *registry, JobSpec **spec, bool paused, Submission **ret_submission) {
        _cleanup_(submission_freep) Submission *submission = NULL;
        int r;

        submission = calloc(1, sizeof(*submission));
        if (!submission)
                return -ENOMEM;

        submission->work = (StoreWork) {
                .run = run_submission, .done = submission_done, .drop = submission_drop, .once = true
        };
        submission->registry = registry;
        submission->collection = strdup((*spec)->collection);
        submission->filter = (*spec)->filter_bson ? bson_copy((*spec)->filter_bson) : NULL;
        r = job_new(&registry->services, *spec, paused, &submission->job);
        if (r)
                return r;

        *spec = NULL;
        submission->id = submission->job->record.id;
        submission->record = job_record(submission->job);
        *ret_submission = TAKE_PTR(submission);
        return 0;
}

static int check_submission(Registry *registry, const JobSpec *spec, UserError *error) {
        if (!registry->loaded)
                return registry_not_loaded(registry, error);

        if (registry->link.away) {
                user_error_set(error, NULL, "try again in a moment", "the store does not answer: %s",
                        registry->link.failure.message);
                return REGISTRY_E_AWAY;
        }

        if (unreadable_find(&registry->unreadable, spec->name)) {
                registry_unreadable(registry, spec->name, error);
                return REGISTRY_E_CONFLICT;
        }

        if (registry_lookup(&registry->arriving, spec->name)) {
                user_error_set(error, "name", "ask again in a moment",
                        "job %s is being submitted by somebody else", spec->name);
                return REGISTRY_E_CONFLICT;
        }

        return check_beside(registry, spec, error);
}

void registry_submit(
        Registry *registry, const JsonValue *object, bool paused, registry_submit_fn done, void *userdata) {
        _cleanup_(user_error_deinit) UserError error = {};
        _cleanup_(job_spec_freep) JobSpec *spec = NULL;
        Submission *submission;
        Job *job = NULL;
        int r;

        r = job_spec_new(object, &spec, &error);
        if (!r && (job = registry_lookup(&registry->jobs, spec->name))) {
                r = check_name(job, spec, &error);
                done(userdata, r, r ? NULL : job, false, &error);
                return;
        }

        if (!r)
                r = check_submission(registry, spec, &error);
        if (!r)
                r = submission_new(registry, &spec, paused, &submission);
        if (r) {
                done(userdata, r, NULL, false, &error);
                return;
        }

        submission->done = done;
        submission->userdata = userdata;
        TAILQ_INSERT_TAIL(&registry->arriving, submission->job, entry);
        store_link_submit(&registry->link, WORK_RECORD, &submission->work);
}

int registry_retry(
        Registry *registry, Job *job, const char *reason, int status, const Actor *by, UserError *error) {
        int r;

        r = job_ended(job) ? check_beside(registry, job->spec, error) : 0;
        if (r)
                return r;

        r = job_retry(job, reason, status, by, error);
        return r == JOB_E_CONFLICT ? REGISTRY_E_CONFLICT : r;
}

static int run_deletion(StoreWork *work, Store *store) {
        return store_job_delete(store, &((Deletion *)work)->id, &work->failure);
}

static void deletion_done(StoreWork *work, int r) {
        _cleanup_free_ Deletion *deletion = (Deletion *)work;
        _cleanup_(user_error_deinit) UserError error = {};

        r = store_answer(work, r, &error);
        if (r)
                deletion->job->forgotten = false;
        else {
                job_event_state(deletion->job, EVENT_JOB_DELETED, &deletion->by);
                TAILQ_REMOVE(&deletion->registry->jobs, deletion->job, entry);
                TAILQ_INSERT_TAIL(&deletion->registry->leaving, deletion->job, entry);
        }

        deletion->done(deletion->userdata, r, &error);
        services_kick(&deletion->registry->services);
}

static void deletion_drop(StoreWork *work) {
        deletion_done(work, -ECANCELED);
}

/* Nothing of it is under way but a count of what it has stored, which nobody wants to know any more. */
static bool may_be_deleted(const Job *job) {
        bool counts = job_uncounted(job) && !(job->flow && job->flow->left_uncounted);

        return job_quiet(job) || (counts && saver_idle(&job->saver) && saver_clean(&job->saver));
}

static int check_deletion(const Job *job, UserError *error) {
        if (!job_ended(job))
                user_error_set(error, NULL, "cancel it first", "job %s is unfinished", job->record.name);
        else if (job->forgotten || !may_be_deleted(job))
                user_error_set(
                        error, NULL, "try again in a moment", "job %s is not at rest yet", job->record.name);
        else
                return 0;

        return REGISTRY_E_CONFLICT;
}

void registry_delete(Registry *registry, Job *job, const Actor *by, registry_delete_fn done, void *userdata) {
        _cleanup_(user_error_deinit) UserError error = {};
        Deletion *deletion = NULL;
        int r;

        r = check_deletion(job, &error);
        if (!r) {
                deletion = calloc(1, sizeof(*deletion));
                r = deletion ? 0 : -ENOMEM;
        }
        if (r) {
                done(userdata, r, &error);
                return;
        }

        *deletion = (Deletion) {
                .work = { .run = run_deletion, .done = deletion_done, .drop = deletion_drop, .once = true },
                .registry = registry,
                .job = job,
                .id = job->record.id,
                .by = *by,
                .done = done,
                .userdata = userdata,
        };
        job->forgotten = true;
        store_link_submit(&registry->link, WORK_RECORD, &deletion->work);
}
