/* What a job asks for, from its file to values that are ready for use, and back. */

#include "daemon/spec/job_spec.h"

#include <errno.h>
#include <string.h>

#include "daemon/spec/filter.h"

bool job_spec_idempotent(const JobSpec *spec) {
        const char *method = job_spec_methods[spec->request.method];

        return strcmp(method, "POST") != 0 && strcmp(method, "PATCH") != 0;
}

/* A job without a name is called as its collection, if that can be a name. */
static int complete_name(JobSpec *spec, UserError *error) {
        if (!spec->collection)
                return user_error_set(error, "collection", "write DB.COLL, such as test.samples",
                        "the job names no collection");

        if (spec->name)
                return 0;

        return option_set_text(option_find(job_spec_options, "name"), spec, strchr(spec->collection, '.') + 1,
                "name", error);
}

static int check_together(const JobSpec *spec, UserError *error) {
        if (strcmp(spec->result.field, spec->result.meta) == 0)
                return user_error_set(error, "result.meta", "write two names",
                        "\"%s\" is the field for the body already", spec->result.meta);

        if (spec->retry.backoff_us > spec->retry.max_backoff_us)
                return user_error_set(error, "retry.backoff", "write a longer max_backoff as well",
                        "this is longer than max_backoff");

        if (spec->expect.status.n == 0)
                return user_error_set(error, "expect.status", "write 2xx", "no status would be ok");

        return 0;
}

static int derive_filter(JobSpec *spec, UserError *error) {
        _cleanup_(json_freep) JsonValue *object = NULL;
        int r;

        if (!spec->filter)
                return 0;

        r = json_parse(spec->filter, strlen(spec->filter), &object, error);
        return r ? error_trace(r) : filter_parse(object, &spec->filter_bson, error);
}

/* Documents that have the result field are taken for answered: one that the request reads would leave none to ask for. */
static int check_fields_read(const JobSpec *spec, UserError *error) {
        const char *const *fields = request_template_fields(spec->templates);

        for (; fields && *fields; fields++) {
                if (strcmp(*fields, spec->result.field) == 0)
                        return user_error_set(error, "result.field", "write another name",
                                "\"%s\" is what the request is made from", *fields);
                if (strcmp(*fields, spec->result.meta) == 0)
                        return user_error_set(error, "result.meta", "write another name",
                                "\"%s\" is what the request is made from", *fields);
        }

        return 0;
}

static int derive(JobSpec *spec, UserError *error) {
        int r;

        r = derive_filter(spec, error);
        if (r)
                return r;

        for (size_t i = 0; i < spec->expect.status.n; i++) {
                r = status_set_add(&spec->expected, spec->expect.status.items[i]);
                if (r)
                        return error_trace(r);
        }

        r = retry_on_parse(&spec->retry.on, &spec->retry_on);
        if (r)
                return error_trace(r);

        r = request_template_new(
                spec->request.url, &spec->request.query, &spec->request.headers, &spec->templates, error);
        return r ? error_trace(r) : check_fields_read(spec, error);
}

int job_spec_new(const JsonValue *object, JobSpec **ret_spec, UserError *error) {
        _cleanup_(job_spec_freep) JobSpec *spec = NULL;
        int r;

        spec = calloc(1, sizeof(*spec));
        if (!spec)
                return -ENOMEM;

        r = option_set_defaults(job_spec_options, spec);
        if (r)
                return error_trace(r);

        r = options_set_json(job_spec_options, spec, object, error);
        if (!r)
                r = complete_name(spec, error);
        if (!r)
                r = check_together(spec, error);
        if (!r)
                r = derive(spec, error);
        if (r)
                return r;

        *ret_spec = TAKE_PTR(spec);
        return 0;
}

JobSpec *job_spec_free(JobSpec *spec) {
        if (!spec)
                return NULL;

        options_deinit(job_spec_options, spec);
        if (spec->filter_bson)
                bson_destroy(spec->filter_bson);
        request_template_free(spec->templates);
        free(spec);
        return NULL;
}

void job_spec_write_json(const JobSpec *spec, JsonWriter *writer) {
        json_open_object(writer);
        options_write_json(job_spec_options, spec, writer);
        json_close_object(writer);
}

char *job_spec_text(const JobSpec *spec) {
        _cleanup_(json_writer_freep) JsonWriter *writer = NULL;
        const char *text;

        writer = json_writer_new(false);
        if (!writer)
                return NULL;

        job_spec_write_json(spec, writer);
        text = json_writer_text(writer, NULL);
        return text ? strdup(text) : NULL;
}
