/* Makes a job file of what was typed, checks it, and hands it in. */

#include "ctl/submit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl/watch.h"
#include "daemon/spec/job_spec.h"

#define PATH_SIZE 192 /* bytes of "group.key"; a longer one is no known key anyway */

typedef struct Flags Flags;

/* What was typed as options, as settings of a job that has nothing else. */
struct Flags {
        JobSpec spec;
        Option *given; /* the rows of those that were typed, in the order of the table; a table, too */
};

static void flags_deinit(Flags *flags) {
        options_deinit(job_spec_options, &flags->spec);
        free(flags->given);
}

static bool is_typed(const Args *args, const char *name, const Option *row) {
        if (name && strcmp(row->path, "name") == 0)
                return true;

        for (size_t i = 0; i < args->n_options; i++)
                if (args->options[i].key == row)
                        return true;

        return false;
}

static int find_given(Flags *flags, const Args *args, const char *name) {
        size_t n_rows = 0, n = 0;

        while (job_spec_options[n_rows].path)
                n_rows++;

        flags->given = calloc(n_rows + 1, sizeof(flags->given[0]));
        if (!flags->given)
                return -ENOMEM;

        for (size_t i = 0; i < n_rows; i++)
                if (is_typed(args, name, &job_spec_options[i]))
                        flags->given[n++] = job_spec_options[i];

        return 0;
}

static int set_given(Flags *flags, const Args *args, const char *name, UserError *error) {
        int r;

        if (name) {
                r = option_set_text(option_find(job_spec_options, "name"), &flags->spec, name, "NAME", error);
                if (r)
                        return r;
        }

        for (size_t i = 0; i < args->n_options; i++) {
                const ArgsOption *option = &args->options[i];

                if (!option->key)
                        continue;

                r = option_set_text(option->key, &flags->spec, option->value ? option->value : "true",
                        option->flag, error);
                if (r)
                        return r;
        }

        return 0;
}

static int parse_written(const JsonWriter *writer, JsonValue **ret_tree, UserError *error) {
        size_t len;
        const char *text = json_writer_text(writer, &len);

        return text ? json_parse(text, len, ret_tree, error) : -ENOMEM;
}

/*
 * The typed options as a job file of their own. What was typed as "none" is in `given` and not in the tree.
 */
static int flags_tree(
        Flags *flags, const Args *args, const char *name, JsonValue **ret_tree, UserError *error) {
        _cleanup_(json_writer_freep) JsonWriter *writer = json_writer_new(false);
        int r;

        if (!writer)
                return -ENOMEM;

        r = find_given(flags, args, name);
        if (r)
                return r;

        r = set_given(flags, args, name, error);
        if (r)
                return r;

        json_open_object(writer);
        options_write_json(flags->given, &flags->spec, writer);
        json_close_object(writer);
        return parse_written(writer, ret_tree, error);
}

/*
 * Groups of keys, and maps: changed member by member. A filter is one value, though it is an object as well.
 */
static bool has_members(const char *path) {
        const Option *row = option_find(job_spec_options, path);

        return !row || row->type == OPTION_MAP;
}

/*
 * @typed: NULL where nothing in this group was typed. What the file has wrong stays, for the check to find.
 */
static void merge(JsonWriter *writer, const char *group, const JsonValue *base, const JsonValue *typed,
        const Option *given) {
        char path[PATH_SIZE];

        json_open_object(writer);
        for (size_t i = 0; i < json_size(base); i++) {
                const char *key = json_key_at(base, i);
                const JsonValue *value = json_at(base, i), *by = json_get(typed, key);
                bool members;

                snprintf(path, sizeof(path), "%s%s%s", group, *group ? "." : "", key);
                if (!by && !strchr(key, '.') && option_find(given, path)) /* "none" takes it away */
                        continue;

                json_key(writer, key);
                members = has_members(path) && (!by || json_type(by) == JSON_OBJECT);
                if (members && json_type(value) == JSON_OBJECT)
                        merge(writer, path, value, by, given);
                else
                        json_put_value(writer, by && !members ? by : value);
        }

        for (size_t i = 0; typed && i < json_size(typed); i++)
                if (!json_get(base, json_key_at(typed, i))) {
                        json_key(writer, json_key_at(typed, i));
                        json_put_value(writer, json_at(typed, i));
                }
        json_close_object(writer);
}

int submit_build(
        const Args *args, const JsonValue *base, const char *name, JsonValue **ret_job, UserError *error) {
        _cleanup_(json_writer_freep) JsonWriter *writer = json_writer_new(false);
        _cleanup_(json_freep) JsonValue *typed = NULL;
        _cleanup_(flags_deinit) Flags flags = {};
        int r;

        if (!writer)
                return -ENOMEM;

        r = flags_tree(&flags, args, name, &typed, error);
        if (r)
                return r;

        if (!base) {
                *ret_job = TAKE_PTR(typed);
                return 0;
        }

        merge(writer, "", base, typed, flags.given);
        return parse_written(writer, ret_job, error);
}

/* A name never ends so; with a slash it may be meant as either, and what is there decides. */
static bool is_file(const char *argument) {
        size_t len = strlen(argument);

        if (strcmp(argument, "-") == 0 || (len > 5 && strcmp(argument + len - 5, ".json") == 0))
                return true;

        return strchr(argument, '/') && access(argument, F_OK) == 0;
}

static int read_text(FILE *file, char **ret_text, size_t *ret_len) {
        _cleanup_free_ char *text = malloc(VARLINK_CALL_MAX + 1);
        size_t len;

        if (!text)
                return -ENOMEM;

        len = fread(text, 1, VARLINK_CALL_MAX + 1, file);
        if (ferror(file))
                return errno > 0 ? -errno : -EIO;
        if (len > VARLINK_CALL_MAX)
                return -EFBIG;

        *ret_text = TAKE_PTR(text);
        *ret_len = len;
        return 0;
}

/* "line 3" of which file. */
static int place_error(UserError *error, const char *path) {
        char *where;

        if (asprintf(&where, "%s%s%s", path, error->where ? ": " : "", error->where ? error->where : "") < 0)
                return -ENOMEM;

        free(error->where);
        error->where = where;
        return -EINVAL;
}

static int read_job_file(const char *path, JsonValue **ret_base, UserError *error) {
        bool from_stdin = strcmp(path, "-") == 0;
        const char *name = from_stdin ? "standard input" : path;
        FILE *file = from_stdin ? stdin : fopen(path, "re");
        _cleanup_(json_freep) JsonValue *base = NULL;
        _cleanup_free_ char *text = NULL;
        size_t len;
        int r;

        if (!file)
                return user_error_set(error, name, NULL, "%s", strerror(errno));

        r = read_text(file, &text, &len);
        if (!from_stdin)
                (void)fclose(file);
        if (r)
                return user_error_set(error, name, NULL, "%s", strerror(-r));

        r = json_parse(text, len, &base, error);
        if (r)
                return r == -EINVAL ? place_error(error, name) : r;

        if (json_type(base) != JSON_OBJECT)
                return user_error_set(error, name, NULL, "a job file is an object, not %s",
                        json_type_name(json_type(base)));

        *ret_base = TAKE_PTR(base);
        return 0;
}

/* What the daemon would refuse is refused here with the same words, and nothing has been sent. */
static int build_and_check(const Call *call, JsonValue **ret_job, UserError *error) {
        const char *argument = call->args->n_positionals ? call->args->positionals[0] : NULL;
        _cleanup_(job_spec_freep) JobSpec *spec = NULL;
        _cleanup_(json_freep) JsonValue *base = NULL, *job = NULL;
        bool file = argument && is_file(argument);
        int r;

        if (args_has(call->args, "--follow") && args_has(call->args, "--paused"))
                return user_error_set(error, NULL, "leave out one of them",
                        "--follow waits for the end of a job that --paused does not start");

        if (file) {
                r = read_job_file(argument, &base, error);
                if (r)
                        return r;
        }

        r = submit_build(call->args, base, file ? NULL : argument, &job, error);
        if (r)
                return r;

        r = job_spec_new(job, &spec, error);
        if (r)
                return r;

        *ret_job = TAKE_PTR(job);
        return 0;
}

static void print_submitted(const Output *output, const JsonValue *parameters) {
        JobView job = job_view_read(json_get(parameters, "job"));
        bool created = json_get_bool(parameters, "created", true);
        Color color = output_state_color(job.state);

        fprintf(output->out, "%s: %s%s%s (id %s%s), %s: reqctl %s %s\n", job.name,
                output_color(output, color), job.state, output_color_end(output, color), job.id,
                created ? "" : ", submitted before",
                job_view_is(&job, "paused") ? "start it with" : "follow with",
                job_view_is(&job, "paused") ? "resume" : "wait", job.name);
}

static int say_submitted(Call *call, const VarlinkReply *reply) {
        bool follow = args_has(call->args, "--follow");

        if (call->output.json)
                return output_json(&call->output, reply->parameters);

        if (!follow)
                print_submitted(&call->output, reply->parameters);
        else if (!json_get_bool(reply->parameters, "created", true))
                output_note(
                        "%s was submitted before", job_view_read(json_get(reply->parameters, "job")).name);
        return 0;
}

static int hand_in(Call *call, const JsonValue *job) {
        _cleanup_(varlink_reply_deinit) VarlinkReply reply = {};
        int r;

        call_begin(call, "Submit", false);
        json_key(call->writer, "job");
        json_put_value(call->writer, job);
        if (args_has(call->args, "--paused"))
                json_member_bool(call->writer, "paused", true);

        r = call_finish(call, &reply);
        if (r)
                return r;

        r = say_submitted(call, &reply);
        if (r || !args_has(call->args, "--follow"))
                return r;

        return watch_job(call, json_get_string(json_get(reply.parameters, "job"), "id", NULL),
                &(WatchOptions) { .progress = true });
}

int submit_run(Call *call) {
        _cleanup_(user_error_deinit) UserError error = {};
        _cleanup_(json_freep) JsonValue *job = NULL;
        int r;

        r = build_and_check(call, &job, &error);
        if (r == -EINVAL)
                return call_refuse(&error, EXIT_CODE_USAGE);
        if (r)
                return error_trace(r);

        return hand_in(call, job);
}
