#pragma once

#include <bson/bson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/alloc.h"
#include "common/error.h"
#include "common/json.h"
#include "common/option.h"
#include "daemon/spec/template.h"

/*
 * What a job asks for: the job file, validated, with its defaults. Pure values; a JobSpec belongs to its
 * job and is changed only by job_spec_set(). Thread: the loop's (validation by itself: any).
 */

typedef struct JobSpec JobSpec;

typedef enum ResultParse {
        RESULT_PARSE_JSON,
        RESULT_PARSE_TEXT,
} ResultParse;

/* HTTP statuses as written ("2xx", "404") and as a set. */
typedef struct StatusSet StatusSet;
struct StatusSet {
        uint64_t bits[10]; /* statuses 0 to 639 */
};

/* Returns 0, or -EINVAL if @text is neither a status (100-599) nor a class (1xx-5xx). */
int status_set_add(StatusSet *set, const char *text);

/* False for what is no status, such as 0 where no answer came. */
bool status_set_has(const StatusSet *set, int status);

/* What is retried. Names other than statuses: timeout, connect, dns, tls, protocol. */
typedef struct RetryOn RetryOn;
struct RetryOn {
        StatusSet statuses;
        uint32_t reasons; /* bit (1 << FailureReason) */
        bool written_out; /* by the job file: then methods that are not idempotent are repeated as well */
};

/*
 * From the items of `retry.on`; none are the default: 408 425 429 5xx timeout connect dns, not written out.
 * Returns 0, or -EINVAL if an item is neither a status, a class nor one of the names.
 */
int retry_on_parse(const StringList *items, RetryOn *ret_on);

struct JobSpec {
        char *name;
        char *collection; /* "db.coll" */
        char *filter;     /* an object as Extended JSON text; NULL: all documents */
        struct {
                uint64_t method; /* index in job_spec_methods */
                char *url;
                StringList query;
                StringList headers;
                uint64_t timeout_us;
                uint64_t redirects;
        } request;
        struct {
                StringList status;
        } expect;
        struct {
                char *field;
                char *meta;
                uint64_t parse; /* ResultParse */
                uint64_t max_bytes;
        } result;
        struct {
                uint64_t concurrency;
                double rate; /* a second; 0: none */
        } pace;
        struct {
                uint64_t attempts;
                uint64_t backoff_us;
                uint64_t max_backoff_us;
                StringList on; /* empty: the default; kept apart from that because of `written_out` */
        } retry;
        struct {
                uint64_t limit; /* 0: none */
                CountOrShare failures;
        } stop;

        /* Made from the above by validation; never written. */
        bson_t *filter_bson; /* NULL: all documents */
        StatusSet expected;
        RetryOn retry_on;
        RequestTemplate *templates;
};

/* The table of all keys of a job file, with their flags and `set` keys; ends with a NULL path. */
extern const Option job_spec_options[];
extern const char *const job_spec_methods[]; /* NULL-terminated */

/* GET, HEAD, PUT, DELETE and OPTIONS may be repeated freely (RFC 9110, section 9.2.2). */
bool job_spec_idempotent(const JobSpec *spec);

/*
 * Reads and validates a job file. A missing name becomes the collection's (the part after the first dot).
 * Returns 0; -EINVAL with @error filled (`later` keys say "not supported yet"); -ENOMEM.
 */
int job_spec_new(const JsonValue *object, JobSpec **ret_spec, UserError *error);
JobSpec *job_spec_free(JobSpec *spec);
DEFINE_FREEP(JobSpec, job_spec);

/*
 * The whole spec with its defaults, as one JSON object; equal specs give equal texts, and job_spec_new()
 * makes an equal spec of it. Left out is what is absent: filter, query, headers, rate, limit, failures, and a
 * retry.on not written out.
 */
void job_spec_write_json(const JobSpec *spec, JsonWriter *writer);
char *job_spec_text(const JobSpec *spec); /* the same as a string to be freed */

/*
 * One live change, as `reqctl set` has it: @key is a flag without dashes of a row that is `live`; a number
 * may be relative to the present one ("+10%", "-5", held within its bounds; a rate by percent only). Returns
 * 0; -EINVAL with @error filled, `where` being @key, and the spec unchanged; -ENOMEM.
 */
int job_spec_set(JobSpec *spec, const char *key, const char *value, UserError *error);
