/* The table from methods to what answers them. */

#include "daemon/control/command.h"

#include <string.h>

#include "common/varlink.h"

#define PARAMETERS_MAX 4

typedef struct Parameter Parameter;
typedef struct Method Method;

struct Parameter {
        const char *name;
        JsonType type;
        bool required;
};

struct Method {
        const char *name;
        void (*run)(Call *call);
        bool stream;                          /* wants `more` */
        Parameter parameters[PARAMETERS_MAX]; /* ends with a NULL name */
};

#define JOB                                                                                                  \
        { "job", JSON_STRING, false }
#define JOB_REQUIRED                                                                                         \
        { "job", JSON_STRING, true }

static const Method methods[] = {
        { "org.varlink.service.GetInfo", cmd_get_info, .parameters = {} },
        { "org.varlink.service.GetInterfaceDescription", cmd_get_interface_description,
                .parameters = { { "interface", JSON_STRING, true } } },
        { "org.reqd.GetStatus", cmd_get_status, .parameters = {} },
        { "org.reqd.GetConfig", cmd_get_config, .parameters = {} },
        { "org.reqd.GetJob", cmd_get_job, .parameters = { JOB } },
        { "org.reqd.Submit", cmd_submit,
                .parameters = { { "job", JSON_OBJECT, true }, { "paused", JSON_BOOL, false } } },
        { "org.reqd.Set", cmd_set, .parameters = { JOB, { "settings", JSON_OBJECT, true } } },
        { "org.reqd.Pause", cmd_pause, .parameters = { JOB } },
        { "org.reqd.Resume", cmd_resume, .parameters = { JOB, { "limit", JSON_STRING, false } } },
        { "org.reqd.Cancel", cmd_cancel, .parameters = { JOB } },
        { "org.reqd.Retry", cmd_retry,
                .parameters = { JOB_REQUIRED, { "reason", JSON_STRING, false },
                        { "status", JSON_NUMBER, false } } },
        { "org.reqd.Delete", cmd_delete, .parameters = { JOB_REQUIRED } },
        { "org.reqd.Show", cmd_show, .parameters = { JOB_REQUIRED } },
        { "org.reqd.Watch", cmd_watch, .stream = true,
                .parameters = { JOB, { "interval", JSON_NUMBER, false }, { "until", JSON_STRING, false } } },
        { "org.reqd.Verify", cmd_verify, .stream = true, .parameters = { JOB_REQUIRED } },
        { "org.reqd.GetErrors", cmd_get_errors, .parameters = { JOB_REQUIRED } },
        { "org.reqd.Import", cmd_import,
                .parameters = { { "collection", JSON_STRING, true }, { "lines", JSON_STRING, true } } },
        { "org.reqd.Export", cmd_export, .stream = true,
                .parameters = { { "collection", JSON_STRING, true }, { "filter", JSON_OBJECT, false } } },
};

static const Method *find(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(methods); i++)
                if (strcmp(methods[i].name, name) == 0)
                        return &methods[i];

        return NULL;
}

/* An error of the protocol itself, with its one parameter. */
static void service_error(Call *call, const char *error, const char *key, const char *value) {
        varlink_error_begin(call->writer, error);
        if (key)
                json_member_string(call->writer, key, value);
        varlink_error_end(call->writer);
        call_end(call);
}

static void unknown_method(Call *call, const char *name) {
        const char *dot = strrchr(name, '.');
        _cleanup_free_ char *interface = dot ? strndup(name, (size_t)(dot - name)) : strdup(name);

        if (interface &&
                (strcmp(interface, "org.reqd") == 0 || strcmp(interface, "org.varlink.service") == 0))
                service_error(call, VARLINK_E_METHOD_NOT_FOUND, "method", name);
        else
                service_error(call, VARLINK_E_INTERFACE_NOT_FOUND, "interface", interface);
}

static const Parameter *find_parameter(const Method *method, const char *name) {
        for (size_t i = 0; i < PARAMETERS_MAX && method->parameters[i].name; i++)
                if (strcmp(method->parameters[i].name, name) == 0)
                        return &method->parameters[i];

        return NULL;
}

/* A NUL inside would cut off the rest of a string without a word. */
static bool is_cut(const JsonValue *value) {
        return json_type(value) == JSON_STRING && strlen(json_string(value)) < json_size(value);
}

/* The name of the first parameter that is unknown, of the wrong type, or missing; NULL: all is well. */
static const char *wrong_parameter(const Method *method, const JsonValue *values) {
        for (size_t i = 0; values && i < json_size(values); i++) {
                const Parameter *parameter = find_parameter(method, json_key_at(values, i));
                JsonType type = json_type(json_at(values, i));

                if (!parameter || is_cut(json_at(values, i)) ||
                        (type != parameter->type && (type != JSON_NULL || parameter->required)))
                        return json_key_at(values, i);
        }

        for (size_t i = 0; i < PARAMETERS_MAX && method->parameters[i].name; i++)
                if (method->parameters[i].required && !json_get(values, method->parameters[i].name))
                        return method->parameters[i].name;

        return NULL;
}

void command_run(Call *call) {
        const Method *method = find(call->varlink.method);
        const char *wrong;

        if (!method) {
                unknown_method(call, call->varlink.method);
                return;
        }

        wrong = wrong_parameter(method, call->varlink.parameters);
        if (wrong)
                service_error(call, VARLINK_E_INVALID_PARAMETER, "parameter", wrong);
        else if (method->stream && !call->varlink.more)
                service_error(call, VARLINK_E_EXPECTED_MORE, NULL, NULL);
        else
                method->run(call);
}
