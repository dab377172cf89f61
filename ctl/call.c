/* One command being carried out: calls, replies, and what is said when these fail. */

#include "ctl/call.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int call_init(Call *call, const Args *args) {
        *call = (Call) { .args = args, .writer = json_writer_new(false) };
        if (!call->writer)
                return -ENOMEM;

        output_init(&call->output, args);
        return 0;
}

void call_deinit(Call *call) {
        call->client = client_free(call->client);
        call->writer = json_writer_free(call->writer);
}

int call_refuse(UserError *error, ExitCode code) {
        output_error(error);
        user_error_deinit(error);
        return (int)code;
}

int call_connect(Call *call) {
        UserError error = {};
        int r;

        if (call->client)
                return 0;

        r = client_new(call->args->socket, &call->client, &error);
        switch (r) {
        case CLIENT_E_UNREACHABLE:
                return call_refuse(&error, EXIT_CODE_UNREACHABLE);
        case CLIENT_E_DENIED:
                return call_refuse(&error, EXIT_CODE_NOT_ALLOWED);
        case -EINVAL:
                return call_refuse(&error, EXIT_CODE_USAGE);
        default:
                return r;
        }
}

void call_begin(Call *call, const char *method, bool more) {
        char name[128];

        snprintf(name, sizeof(name), "org.reqd.%s", method);
        varlink_call_begin(call->writer, name, more);
}

int call_send(Call *call) {
        int r;

        r = call_connect(call);
        if (r)
                return r;

        varlink_call_end(call->writer);
        return client_send(call->client, call->writer);
}

/* What the protocol's own errors mean here: they come without a message. */
static const struct {
        const char *error;
        const char *message;
} protocol_errors[] = {
        { VARLINK_E_PERMISSION_DENIED, "reqd does not let you do that" },
        { VARLINK_E_INVALID_PARAMETER, "reqd does not understand this parameter" },
        { VARLINK_E_METHOD_NOT_FOUND, "this reqd cannot do that; is it an older version?" },
};

static const char *fallback_message(const char *error) {
        for (size_t i = 0; i < ELEMENTSOF(protocol_errors); i++)
                if (strcmp(protocol_errors[i].error, error) == 0)
                        return protocol_errors[i].message;

        return error;
}

void call_read_error(const VarlinkReply *reply, UserError *error) {
        const char *where = json_get_string(reply->parameters, "where", NULL);
        const char *parameter =
                json_get_string(reply->parameters, "parameter", NULL); /* InvalidParameter's */

        (void)user_error_set(error, where ? where : parameter,
                json_get_string(reply->parameters, "hint", NULL), "%s",
                json_get_string(reply->parameters, "message", fallback_message(reply->error)));
}

int call_refuse_reply(const VarlinkReply *reply) {
        UserError error = {};

        call_read_error(reply, &error);
        return call_refuse(&error, exit_code_for_error(reply->error));
}

int call_receive(Call *call, const ClientLimits *limits, VarlinkReply *ret_reply) {
        int r;

        r = client_receive(call->client, limits, ret_reply);
        switch (r) {
        case CLIENT_E_CLOSED:
                call->client = client_free(call->client);
                return EXIT_CODE_UNREACHABLE;
        case CLIENT_E_GARBLED:
                output_message("what answers at %s does not speak as reqd does", client_path(call->client));
                return EXIT_CODE_ERROR;
        case CLIENT_E_TIMED_OUT:
                return EXIT_CODE_TIMED_OUT;
        case CLIENT_E_INTERRUPTED:
                return EXIT_CODE_INTERRUPTED;
        default:
                return r;
        }
}

int call_finish(Call *call, VarlinkReply *ret_reply) {
        _cleanup_(varlink_reply_deinit) VarlinkReply reply = {};
        int r;

        r = call_send(call);
        if (r)
                return r;

        r = call_receive(call, &CLIENT_LIMITS_NONE, &reply);
        if (r == EXIT_CODE_UNREACHABLE)
                output_message(
                        "reqd hung up before it answered (did it start? see its log: journalctl -u reqd)");
        if (r)
                return r;

        if (reply.error)
                return call_refuse_reply(&reply);

        *ret_reply = reply;
        reply.root = NULL;
        return 0;
}

void call_warn(const JsonValue *parameters) {
        const char *warning = json_get_string(parameters, "warning", NULL);

        if (warning)
                output_message("warning: %s", warning);
        else if (!json_get_bool(parameters, "stored", true))
                output_message("warning: this holds at once, and is stored when the store is back");
}
