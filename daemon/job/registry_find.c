/* Finding jobs by what people call them. */

#include "daemon/job/registry.h"

#include <stdio.h>
#include <string.h>

#include "common/nearest.h"
#include "daemon/job/registry_internal.h"

Job *registry_lookup(const struct JobList *jobs, const char *name) {
        Job *job;
        char id[25];

        TAILQ_FOREACH(job, jobs, entry) {
                bson_oid_to_string(&job->record.id, id);
                if (strcmp(job->record.name, name) == 0 || strcmp(id, name) == 0)
                        return job;
        }

        return NULL;
}

static int no_such_job(const Registry *registry, const char *name, UserError *error) {
        Nearest nearest = { .typed = name };
        _cleanup_free_ char *hint = NULL;
        const Job *job;

        TAILQ_FOREACH(job, &registry->jobs, entry)
                nearest_try(&nearest, job->record.name);
        if (nearest.best && asprintf(&hint, "did you mean %s?", nearest.best) < 0)
                hint = NULL;

        user_error_set(error, NULL, hint ? hint : "reqctl status lists them", "there is no job \"%s\"", name);
        return REGISTRY_E_NO_SUCH_JOB;
}

void registry_unreadable(const Registry *registry, const char *name, UserError *error) {
        const Unreadable *unreadable = unreadable_find(&registry->unreadable, name);

        user_error_set(error, "name", "give another name, or mend or remove that record in the store",
                "the store holds a job %s (%s) that this reqd does not understand, and leaves it alone: %s",
                unreadable->name, unreadable->id, unreadable->why);
}

static int find_only(const Registry *registry, Job **ret_job, UserError *error) {
        Job *job, *only = NULL;

        TAILQ_FOREACH(job, &registry->jobs, entry) {
                if (job_ended(job))
                        continue;
                if (only) {
                        user_error_set(error, NULL, "name one: reqctl status lists them",
                                "several jobs are unfinished");
                        return REGISTRY_E_CONFLICT;
                }
                only = job;
        }

        if (!only) {
                user_error_set(error, NULL, "name one: reqctl status lists them", "no job is unfinished");
                return REGISTRY_E_NO_SUCH_JOB;
        }

        *ret_job = only;
        return 0;
}

int registry_not_loaded(const Registry *registry, UserError *error) {
        if (registry->refused && !registry->link.away) {
                user_error_set(
                        error, NULL, NULL, "the store does not give its jobs: %s", registry->refusal.message);
                return REGISTRY_E_REFUSED;
        }

        user_error_set(error, NULL, "try again in a moment", "the store has not given its jobs yet: %s",
                registry->link.failure.message);
        return REGISTRY_E_AWAY;
}

int registry_find(Registry *registry, const char *name, Job **ret_job, UserError *error) {
        Job *job;

        if (!registry->loaded)
                return registry_not_loaded(registry, error);
        if (!name)
                return find_only(registry, ret_job, error);

        job = registry_lookup(&registry->jobs, name);
        if (!job && unreadable_find(&registry->unreadable, name)) {
                registry_unreadable(registry, name, error);
                return REGISTRY_E_CONFLICT;
        }
        if (!job)
                return no_such_job(registry, name, error);

        *ret_job = job;
        return 0;
}
