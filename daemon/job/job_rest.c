/* Whether a job rests, and in what sense. */

#include "daemon/job/job.h"

bool job_settled(const Job *job) {
        return !job->flow || flow_settled(job->flow);
}

bool job_uncounted(const Job *job) {
        return job_ended(job) && (job->flow ? !flow_counted(job->flow) : job->record.unsettled);
}

/* Of a paused job, where an earlier daemon had begun it, that takes as long as looking ahead. */
static bool totals_are_whole(const Job *job) {
        if (job_ended(job))
                return !job_uncounted(job);
        if (!job->flow)
                return !job->record.begun;

        return feeder_knows_answered(&job->flow->feeder) || job->flow->feeder.refused;
}

bool job_at_rest(const Job *job) {
        if (job->record.state == JOB_RUNNING || !job_settled(job))
                return false;

        return (saver_clean(&job->saver) && totals_are_whole(job)) || job->saver.refused ||
               job->services->link->away;
}

bool job_quiet(const Job *job) {
        return !job->flow && !job->record.unsettled && saver_idle(&job->saver) && saver_clean(&job->saver);
}

uint64_t job_window_max(const Job *job) {
        size_t now = job->flow ? job->flow->dispatcher.window_max : 0;

        return now > job->window_max ? now : job->window_max;
}
