#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "common/json.h"

/*
 * Messages of the Varlink protocol (varlink.org, "Method Calls"): JSON objects, each ended by one NUL byte.
 * No I/O here; both programs move the bytes themselves. Any thread.
 */

typedef struct VarlinkCall VarlinkCall;
typedef struct VarlinkReply VarlinkReply;

#define VARLINK_CALL_MAX (1024 * 1024) /* bytes of a call; Import may be larger: */
#define VARLINK_IMPORT_MAX (24 * 1024 * 1024)

#define VARLINK_E_INTERFACE_NOT_FOUND "org.varlink.service.InterfaceNotFound"
#define VARLINK_E_METHOD_NOT_FOUND "org.varlink.service.MethodNotFound"
#define VARLINK_E_INVALID_PARAMETER "org.varlink.service.InvalidParameter"
#define VARLINK_E_PERMISSION_DENIED "org.varlink.service.PermissionDenied"
#define VARLINK_E_EXPECTED_MORE "org.varlink.service.ExpectedMore"

struct VarlinkCall {
        JsonValue *root;             /* owns everything below */
        const char *method;          /* "org.reqd.Submit" */
        const JsonValue *parameters; /* an object, or NULL */
        bool oneway;
        bool more;
        bool upgrade;
};

/* Reads a frame without its NUL. 0; -EINVAL with @error filled; -ENOMEM. Empty with varlink_call_deinit(). */
int varlink_call_parse(const char *frame, size_t len, VarlinkCall *ret_call, UserError *error);
void varlink_call_deinit(VarlinkCall *call);

struct VarlinkReply {
        JsonValue *root;
        const JsonValue *parameters; /* an object, or NULL */
        const char *error;           /* NULL: it worked */
        bool continues;
};

int varlink_reply_parse(const char *frame, size_t len, VarlinkReply *ret_reply, UserError *error);
void varlink_reply_deinit(VarlinkReply *reply);

/*
 * Writing: begin, then members of the parameters object, then end; the text of @writer and one NUL is the frame.
 * Each begin clears the writer.
 */
void varlink_call_begin(JsonWriter *writer, const char *method, bool more);
void varlink_call_end(JsonWriter *writer);
void varlink_reply_begin(JsonWriter *writer);
void varlink_reply_end(JsonWriter *writer, bool continues);
void varlink_error_begin(JsonWriter *writer, const char *error);
void varlink_error_end(JsonWriter *writer);
