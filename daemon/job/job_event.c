/* What a job tells the journal. */

#include "daemon/job/job_event.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/timeutil.h"
#include "daemon/job/stop_status.h"

#define REASONS_BYTES 512 /* all reasons with their counts */

static void begin(const Job *job, EventId event, LogEntry *entry) {
        const JobRecord *record = &job->record;
        char id[25];

        bson_oid_to_string(&record->id, id);
        log_entry_begin(entry, &events[event]);
        log_field(entry, "JOB", "%s", record->name);
        log_field(entry, "JOB_ID", "%s", id);
        log_field(entry, "STATE", "%s", job_state_name(record->state));
        log_field(entry, "COLLECTION", "%s", job->spec->collection);
        log_field(entry, "GENERATION", "%d", record->generation);
}

/* ", by user 1000": who asked, in words and as fields. */
static void add_actor(LogEntry *entry, const Actor *by, char *words, size_t size) {
        words[0] = '\0';
        if (!by)
                return;

        log_field(entry, "UID", "%u", (unsigned)by->uid);
        log_field(entry, "CLIENT_PID", "%d", (int)by->pid);
        snprintf(words, size, ", asked by user %u", (unsigned)by->uid);
}

/* "http_status" as a field is HTTP_STATUS. */
static void add_reason(LogEntry *entry, FailureReason reason, uint64_t n) {
        char name[32];

        snprintf(name, sizeof(name), "%s", reason_name(reason));
        for (char *at = name; *at; at++)
                *at = (char)toupper((unsigned char)*at);
        log_field_count(entry, name, n);
}

/* "timeout 3, http_status 1" into @text, and each as a field. */
static void add_reasons(LogEntry *entry, const uint64_t *failed, char *text, size_t size) {
        size_t len = 0;

        text[0] = '\0';
        for (FailureReason reason = REASON_NONE + 1; reason < _REASON_N; reason++) {
                if (!failed[reason])
                        continue;
                add_reason(entry, reason, failed[reason]);
                if (len < size)
                        len += (size_t)snprintf(text + len, size - len, "%s%s %" PRIu64, len ? ", " : "",
                                reason_name(reason), failed[reason]);
        }
}

static const Tally *tally_of(const Job *job) {
        return job->flow ? &job->flow->tally : &job->record.tally;
}

static void add_counts(LogEntry *entry, const Job *job) {
        const Tally *tally = tally_of(job);

        log_field_count(entry, "OK", tally->ok);
        log_field_count(entry, "FAILED", tally_failed(tally));
        log_field_count(entry, "GONE", tally->gone);
        log_field_count(entry, "ATTEMPTS", tally->attempts);
}

void job_event_state(const Job *job, EventId event, const Actor *by) {
        const JobRecord *record = &job->record;
        const Tally *tally = tally_of(job);
        char who[48], reasons[REASONS_BYTES], detail[STOP_DETAIL_SIZE];
        LogEntry entry;

        begin(job, event, &entry);
        if (record->reason)
                log_field(&entry, "REASON", "%s", record->reason);
        if (*stop_status_detail(job, detail))
                log_field(&entry, "DETAIL", "%s", detail);
        add_counts(&entry, job);
        add_reasons(&entry, tally->failed, reasons, sizeof(reasons));
        add_actor(&entry, by, who, sizeof(who));

        log_entry_send(&entry, "job %s: %s%s%s%s; %" PRIu64 " ok, %" PRIu64 " failed%s%s%s, %" PRIu64 " gone",
                record->name, events[event].name + strlen("job-"), record->reason && !by ? ", " : "",
                record->reason && !by ? record->reason : "", who, tally->ok, tally_failed(tally),
                *reasons ? " (" : "", reasons, *reasons ? ")" : "", tally->gone);
}

void job_event_changed(const Job *job, const char *settings, const Actor *by) {
        LogEntry entry;
        char who[48];

        begin(job, EVENT_JOB_CHANGED, &entry);
        log_field(&entry, "SETTINGS", "%s", settings);
        add_counts(&entry, job);
        add_actor(&entry, by, who, sizeof(who));
        log_entry_send(&entry, "job %s: %s%s", job->record.name, settings, who);
}

void job_event_begun(const Job *job, bool resumed) {
        LogEntry entry;

        begin(job, EVENT_JOB_BEGUN, &entry);
        add_counts(&entry, job);
        log_entry_send(&entry, "job %s: %s with generation %d of %s", job->record.name,
                resumed ? "goes on" : "begins", job->record.generation, job->spec->collection);
}

void job_event_refused(const Job *job, EventId event, const StoreFailure *failure) {
        const char *what = event == EVENT_JOB_RECORD_REFUSED ? "its record" : "its answers";
        LogEntry entry;

        begin(job, event, &entry);
        log_field(&entry, "ERROR", "%d", failure->code);
        log_entry_send(&entry, "job %s: the store refuses %s: %d %s", job->record.name, what, failure->code,
                failure->message);
}

void job_event_lost(const Job *job, size_t n) {
        LogEntry entry;

        begin(job, EVENT_JOB_ANSWERS_LOST, &entry);
        log_field_count(&entry, "LOST", n);
        log_entry_send(
                &entry, "job %s: %zu answers are not stored: the store refuses them", job->record.name, n);
}

void job_event_failures(Job *job, uint64_t now_us) {
        FailureDigest *digest = &job->failures;
        uint64_t seconds = failure_digest_seconds(digest, now_us);
        char reasons[REASONS_BYTES], time[48] = "";
        LogEntry entry;

        if (failure_digest_wait_us(digest, now_us) > 0)
                return;

        begin(job, EVENT_JOB_FAILURES, &entry);
        log_field_count(&entry, "FAILED", digest->n);
        log_field_count(&entry, "SECONDS", seconds);
        add_reasons(&entry, digest->failed, reasons, sizeof(reasons));
        if (seconds)
                snprintf(time, sizeof(time), " in the last %" PRIu64 " s", seconds);
        log_entry_send(
                &entry, "job %s: %" PRIu64 " failed%s: %s", job->record.name, digest->n, time, reasons);

        failure_digest_reset(digest, now_us);
}
