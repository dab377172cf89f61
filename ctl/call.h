#pragma once

#include "common/json.h"
#include "common/varlink.h"
#include "ctl/args.h"
#include "ctl/client.h"
#include "ctl/exit_code.h"
#include "ctl/output.h"

/*
 * One command being carried out: what was typed, where its words go, and the connection. What returns int
 * here returns 0; an ExitCode when the user has been told and the program is to end; or a negative code. One
 * thread.
 */

typedef struct Call Call;

struct Call {
        const Args *args;
        Output output;
        Client *client; /* NULL: not connected */
        JsonWriter *writer;
};

int call_init(Call *call, const Args *args);
void call_deinit(Call *call);

/* Says what is wrong. Returns @code. */
int call_refuse(UserError *error, ExitCode code);

/* Connects unless it is; call_send() does it by itself. */
int call_connect(Call *call);

/* Opens a call of org.reqd.@method; the parameters' members follow into `writer`. */
void call_begin(Call *call, const char *method, bool more);
int call_send(Call *call);

/*
 * Waits for the next reply, which may be an error, to be emptied by varlink_reply_deinit().
 * EXIT_CODE_TIMED_OUT, EXIT_CODE_INTERRUPTED and, when the connection breaks, EXIT_CODE_UNREACHABLE come
 * without a word: what they mean is the caller's to say.
 */
int call_receive(Call *call, const ClientLimits *limits, VarlinkReply *ret_reply);

/* Sends what was begun and waits for the only reply; an error in it has been told. */
int call_finish(Call *call, VarlinkReply *ret_reply);

/* What the daemon's error reply says, into @error, which is empty. */
void call_read_error(const VarlinkReply *reply, UserError *error);

/* Tells it to the user. Returns the ExitCode for it. */
int call_refuse_reply(const VarlinkReply *reply);

/* Tells the warning in a reply, if there is one. */
void call_warn(const JsonValue *parameters);
