#pragma once

#include "daemon/http/engine.h"
#include "daemon/job/document.h"
#include "daemon/job/services.h"
#include "daemon/policy/retry.h"
#include "daemon/spec/job_spec.h"
#include "daemon/store/outcome.h"

/*
 * One attempt of one document: makes the request from it, and an outcome from the answer. Bodies over 64 KiB
 * are parsed on a worker, smaller ones at once. Thread: the loop's, callbacks too; nothing blocks.
 */

enum {
        _EXCHANGE_E_SUCCESS,

        EXCHANGE_E_UNSENDABLE, /* no request can be made of this document: `template` or `bad_url` */
};

/*
 * Expands the document's templates and finds its origin; does nothing the second time.
 * Returns 0; EXCHANGE_E_UNSENDABLE with the terminal outcome, the caller's; -ENOMEM.
 */
int exchange_prepare(Document *document, const JobSpec *spec, const Services *services, Outcome **ret_failed);

/* Forgets an attempt whose answer will not come any more: the daemon ends. Accepts NULL. */
Exchange *exchange_free(Exchange *exchange);

/*
 * Called once for each attempt, never before exchange_begin() has returned. @outcome is what would be stored
 * if this attempt were the last one, and is the callee's; so is @document again, which may be freed. @attempt
 * is what a retry is decided by, valid during the call.
 */
typedef void (*exchange_done_fn)(Document *document, Outcome *outcome, const RetryCase *attempt);

/* The answer is there and its slot free; the outcome follows, perhaps at once. @response: during the call. */
typedef void (*exchange_answered_fn)(Document *document, const HttpResponse *response);

/*
 * Begins an attempt of a prepared document whose origin is ready. @document and @spec stay alive until @done.
 * @target: whose job and generation it belongs to; during the call.
 * Returns 0 and calls @answered and @done later; or -ENOMEM or -EBUSY, and then calls nothing.
 */
int exchange_begin(Document *document, const JobSpec *spec, const StoreTarget *target,
        const Services *services, exchange_answered_fn answered, exchange_done_fn done);
