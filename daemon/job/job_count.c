/* Counts a generation's documents in the background, for `total` before all of them have been read. */

#include <stdlib.h>

#include "daemon/job/job_internal.h"

/* It may take minutes, and outlives its job then: what it asks for is its own. */
struct JobCount {
        StoreWork work;
        Job *job;      /* NULL: nobody waits for it any more */
        JobSpec *spec; /* `query` points into this */
        bson_t *retry;
        StoreQuery query;
        uint64_t n;
};

static int run_count(StoreWork *work, Store *store) {
        JobCount *count = (JobCount *)work;

        return store_count(store, &count->query, &count->n, &work->failure);
}

static void count_drop(StoreWork *work) {
        JobCount *count = (JobCount *)work;

        if (count->job)
                count->job->count = NULL;
        if (count->retry)
                bson_destroy(count->retry);
        job_spec_free(count->spec);
        free(count);
}

static void count_done(StoreWork *work, int r) {
        JobCount *count = (JobCount *)work;
        Job *job = count->job;

        if (!r && job && !job->total_known) {
                job->total = count->n;
                job->total_known = true;
        }
        count_drop(work);
}

static StoreQuery own_query(const JobCount *count, const FlowOptions *options) {
        FlowOptions own = *options;

        own.spec = count->spec;
        own.retry = count->retry;
        own.resume = true; /* documents that get their outcome while we count belong to it */
        own.target.collection = count->spec->collection;
        own.target.field = count->spec->result.field;
        own.target.meta = count->spec->result.meta;
        own.target.job_name = count->spec->name;
        return flow_query(&own);
}

void job_count_begin(Job *job, const FlowOptions *options) {
        _cleanup_(user_error_deinit) UserError error = {};
        JobCount *count = calloc(1, sizeof(*count));

        job_count_forget(job);
        if (!count || job_spec_of_record(&job->record, &count->spec, &error)) {
                free(count);
                return; /* the total stays unknown until reading has ended */
        }

        count->work = (StoreWork) { .run = run_count, .done = count_done, .drop = count_drop };
        count->job = job;
        count->retry = options->retry ? bson_copy(options->retry) : NULL;
        count->query = own_query(count, options);
        job->count = count;
        store_link_submit(job->services->link, WORK_COUNT, &count->work);
}

void job_count_forget(Job *job) {
        if (job->count)
                job->count->job = NULL;
        job->count = NULL;
}
