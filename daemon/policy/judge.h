#pragma once

#include "daemon/spec/job_spec.h"
#include "daemon/spec/reason.h"

/* What an answer is worth, before its body is parsed. Pure, any thread. */

/*
 * @transport: what went wrong on the way, REASON_NONE when a whole answer came.
 * @status: 0 when no status line came, or the last one was that of a redirect to be followed.
 * Returns REASON_NONE for an answer whose status is expected. A status that is not expected is `http_status`
 * whatever became of its body: the status says more about why than a body too large or undecodable.
 */
FailureReason judge_answer(const StatusSet *expected, FailureReason transport, int status);
