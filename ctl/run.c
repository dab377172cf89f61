/* Which code carries out which command; most only call a method and say what came back. */

#include "ctl/run.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/nearest.h"
#include "ctl/call.h"
#include "ctl/errors.h"
#include "ctl/export.h"
#include "ctl/help.h"
#include "ctl/import.h"
#include "ctl/logs.h"
#include "ctl/status.h"
#include "ctl/submit.h"
#include "ctl/verify.h"
#include "ctl/watch.h"
#include "daemon/spec/job_spec.h"
#include "daemon/spec/reason.h"

typedef struct Action Action;

struct Action {
        const char *command;

        /* Does it all. NULL: the method of the command table is called, by what follows. */
        int (*run)(Call *call);

        /* Writes the parameters beside the job. 0; -EINVAL with @error filled; another negative code. */
        int (*write)(Call *call, UserError *error);

        /* NULL: nothing is said. */
        int (*print)(const Output *output, const JsonValue *parameters);
};

static int write_settings(Call *call, UserError *error) {
        json_key(call->writer, "settings");
        json_open_object(call->writer);

        for (size_t i = 0; i < call->args->n_positionals; i++) {
                const char *setting = call->args->positionals[i], *equals = strchr(setting, '=');
                _cleanup_free_ char *key = NULL;

                if (!equals || equals == setting)
                        return user_error_set(
                                error, setting, "such as concurrency=200", "settings are written KEY=VALUE");

                key = strndup(setting, (size_t)(equals - setting));
                if (!key)
                        return -ENOMEM;

                json_member_string(call->writer, key, equals + 1);
        }

        json_close_object(call->writer);
        return 0;
}

static int write_limit(Call *call, UserError *error) {
        const char *limit = args_value(call->args, "--limit");

        if (limit)
                json_member_string(call->writer, "limit", limit);
        return 0;
}

static int refuse_reason(const char *reason, UserError *error) {
        Nearest nearest = { .typed = reason };
        _cleanup_free_ char *hint = NULL;

        for (FailureReason known = REASON_NONE + 1; known < _REASON_N; known++)
                nearest_try(&nearest, reason_name(known));

        if (nearest.best && asprintf(&hint, "did you mean %s?", nearest.best) < 0)
                return -ENOMEM;

        return user_error_set(error, "--reason", hint ? hint : "reqctl status JOB shows them",
                "unknown reason '%s'", reason);
}

static int write_retry(Call *call, UserError *error) {
        const char *reason = args_value(call->args, "--reason"), *status = args_value(call->args, "--status");
        long number;
        char *end;

        if (reason) {
                if (reason_parse(reason) == REASON_NONE)
                        return refuse_reason(reason, error);
                json_member_string(call->writer, "reason", reason);
        }

        if (status) {
                number = strtol(status, &end, 10);
                if (*end || number < 100 || number > 599)
                        return user_error_set(error, "--status", "a number from 100 to 599",
                                "'%s' is no HTTP status", status);
                json_member_int(call->writer, "status", number);
        }

        return 0;
}

static int print_status(const Output *output, const JsonValue *parameters) {
        return json_get(parameters, "jobs") ? status_print_all(output, parameters)
                                            : status_print_job(output, parameters);
}

static int call_method(Call *call, const Action *action, VarlinkReply *ret_reply) {
        const Command *command = call->args->command;
        _cleanup_(user_error_deinit) UserError error = {};
        int r;

        call_begin(
                call, call->args->job && command->job_method ? command->job_method : command->method, false);
        if (call->args->job)
                json_member_string(call->writer, "job", call->args->job);

        r = action->write ? action->write(call, &error) : 0;
        if (r == -EINVAL)
                return call_refuse(&error, EXIT_CODE_USAGE);
        if (r)
                return error_trace(r);

        return call_finish(call, ret_reply);
}

static int run_delete(Call *call) {
        _cleanup_(varlink_reply_deinit) VarlinkReply reply = {};
        int r;

        r = call_method(call, &(Action) {}, &reply);
        if (r)
                return r;

        if (call->output.json)
                return output_json(&call->output, reply.parameters);

        printf("%s: deleted; its outcomes stay\n", call->args->job);
        return 0;
}

static int run_help(Call *call) {
        const char *name = call->args->n_positionals ? call->args->positionals[0] : NULL;
        _cleanup_(user_error_deinit) UserError error = {};
        const Command *command = name ? command_find(name) : NULL;

        if (!name) {
                help_print_all(stdout);
                return 0;
        }

        if (!command) {
                int r = args_refuse_command(name, &error);

                return r == -EINVAL ? call_refuse(&error, EXIT_CODE_USAGE) : r;
        }

        help_print_command(stdout, command, job_spec_options);
        return 0;
}

static const Action actions[] = {
        { "status", .print = print_status },
        { "submit", submit_run },
        { "set", .write = write_settings, .print = output_text_set },
        { "pause", .print = output_text_job },
        { "resume", .write = write_limit, .print = output_text_job },
        { "cancel", .print = output_text_job },
        { "retry", .write = write_retry, .print = output_text_retry },
        { "wait", watch_run },
        { "errors", .print = errors_print },
        { "verify", verify_run },
        { "import", import_run },
        { "export", export_run },
        { "show", .print = output_text_show },
        { "delete", run_delete },
        { "config", .print = output_text_config },
        { "logs", logs_run },
        { "help", run_help },
};

static const Action *find_action(const char *command) {
        for (size_t i = 0; i < ELEMENTSOF(actions); i++)
                if (strcmp(actions[i].command, command) == 0)
                        return &actions[i];

        return NULL;
}

bool run_knows(const char *command) {
        return find_action(command) != NULL;
}

static int call_and_print(Call *call, const Action *action) {
        _cleanup_(varlink_reply_deinit) VarlinkReply reply = {};
        int r;

        r = call_method(call, action, &reply);
        if (r)
                return r;

        call_warn(reply.parameters);
        if (call->output.json)
                return output_json(&call->output, reply.parameters);

        return action->print ? action->print(&call->output, reply.parameters) : 0;
}

int run_command(const Args *args) {
        const Action *action = find_action(args->command->name);
        _cleanup_(call_deinit) Call call = {};
        int r;

        r = call_init(&call, args);
        if (r)
                return error_trace(r);

        return action->run ? action->run(&call) : call_and_print(&call, action);
}
