#pragma once

#include "daemon/control/call.h"
#include "daemon/control/control.h"

/*
 * The table from methods to what answers them. Each cmd_*() takes over a call whose parameters are known and
 * of the right type, and ends it, now or later, with call_reply() or call_error(). Thread: the loop's;
 * nothing here blocks.
 */

/* Takes over @call and runs it; a wrong method or parameter or a stream without `more` is answered here. */
void command_run(Call *call);

void cmd_get_info(Call *call);
void cmd_get_interface_description(Call *call);
void cmd_get_status(Call *call);
void cmd_get_config(Call *call);

void cmd_get_job(Call *call);
void cmd_submit(Call *call);
void cmd_set(Call *call);
void cmd_pause(Call *call);
void cmd_resume(Call *call);
void cmd_cancel(Call *call);
void cmd_retry(Call *call);
void cmd_delete(Call *call);
void cmd_show(Call *call);

void cmd_watch(Call *call);

/* A job's state or settings changed: its watchers are told. */
void cmd_watch_changed(Control *control, Job *job);

void cmd_verify(Call *call);
void cmd_get_errors(Call *call);

void cmd_import(Call *call);
void cmd_export(Call *call);
