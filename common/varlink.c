/* Reads and writes Varlink messages, so that both programs agree on what a frame is. */

#include "common/varlink.h"

#include <errno.h>

static int parse_object(const char *frame, size_t len, JsonValue **ret_root, UserError *error) {
        _cleanup_(json_freep) JsonValue *root = NULL;
        int r;

        r = json_parse(frame, len, &root, error);
        if (r)
                return r;

        if (json_type(root) != JSON_OBJECT)
                return user_error_set(error, NULL, NULL, "a message must be an object, not %s",
                        json_type_name(json_type(root)));

        *ret_root = TAKE_PTR(root);
        return 0;
}

/* The member of that name if it has the type; NULL where it is absent or null. */
static int get_member(const JsonValue *root, const char *name, JsonType type, const JsonValue **ret_value,
        UserError *error) {
        const JsonValue *value = json_get(root, name);

        if (value && json_type(value) == JSON_NULL)
                value = NULL;

        if (value && json_type(value) != type)
                return user_error_set(error, name, NULL, "this must be %s, not %s", json_type_name(type),
                        json_type_name(json_type(value)));

        *ret_value = value;
        return 0;
}

static int get_bool(const JsonValue *root, const char *name, bool *ret_bool, UserError *error) {
        const JsonValue *value;
        int r;

        r = get_member(root, name, JSON_BOOL, &value, error);
        if (r)
                return r;

        *ret_bool = value && json_bool(value);
        return 0;
}

static int get_string(const JsonValue *root, const char *name, const char **ret_string, UserError *error) {
        const JsonValue *value;
        int r;

        r = get_member(root, name, JSON_STRING, &value, error);
        if (r)
                return r;

        *ret_string = value ? json_string(value) : NULL;
        return 0;
}

int varlink_call_parse(const char *frame, size_t len, VarlinkCall *ret_call, UserError *error) {
        _cleanup_(varlink_call_deinit) VarlinkCall call = {};
        int r;

        r = parse_object(frame, len, &call.root, error);
        if (r)
                return r;

        r = get_string(call.root, "method", &call.method, error);
        if (r)
                return r;

        if (!call.method)
                return user_error_set(error, "method", NULL, "a call names its method");

        r = get_member(call.root, "parameters", JSON_OBJECT, &call.parameters, error);
        if (r)
                return r;

        if (get_bool(call.root, "oneway", &call.oneway, error) ||
                get_bool(call.root, "more", &call.more, error) ||
                get_bool(call.root, "upgrade", &call.upgrade, error))
                return -EINVAL;

        *ret_call = call;
        call.root = NULL;
        return 0;
}

void varlink_call_deinit(VarlinkCall *call) {
        json_free(call->root);
        *call = (VarlinkCall) {};
}

int varlink_reply_parse(const char *frame, size_t len, VarlinkReply *ret_reply, UserError *error) {
        _cleanup_(varlink_reply_deinit) VarlinkReply reply = {};
        int r;

        r = parse_object(frame, len, &reply.root, error);
        if (r)
                return r;

        r = get_member(reply.root, "parameters", JSON_OBJECT, &reply.parameters, error);
        if (r)
                return r;

        r = get_string(reply.root, "error", &reply.error, error);
        if (r)
                return r;

        r = get_bool(reply.root, "continues", &reply.continues, error);
        if (r)
                return r;

        *ret_reply = reply;
        reply.root = NULL;
        return 0;
}

void varlink_reply_deinit(VarlinkReply *reply) {
        json_free(reply->root);
        *reply = (VarlinkReply) {};
}

static void begin_parameters(JsonWriter *writer) {
        json_key(writer, "parameters");
        json_open_object(writer);
}

void varlink_call_begin(JsonWriter *writer, const char *method, bool more) {
        json_writer_clear(writer);
        json_open_object(writer);
        json_member_string(writer, "method", method);
        if (more)
                json_member_bool(writer, "more", true);
        begin_parameters(writer);
}

void varlink_call_end(JsonWriter *writer) {
        json_close_object(writer);
        json_close_object(writer);
}

void varlink_reply_begin(JsonWriter *writer) {
        json_writer_clear(writer);
        json_open_object(writer);
        begin_parameters(writer);
}

void varlink_reply_end(JsonWriter *writer, bool continues) {
        json_close_object(writer);
        if (continues)
                json_member_bool(writer, "continues", true);
        json_close_object(writer);
}

void varlink_error_begin(JsonWriter *writer, const char *error) {
        json_writer_clear(writer);
        json_open_object(writer);
        json_member_string(writer, "error", error);
        begin_parameters(writer);
}

void varlink_error_end(JsonWriter *writer) {
        json_close_object(writer);
        json_close_object(writer);
}
