#pragma once

/*
 * Why a document failed: the names that are stored, shown and typed (`--reason`), in one table.
 * Pure values, any thread.
 */

typedef enum FailureReason {
        REASON_NONE, /* the document is ok */
        REASON_HTTP_STATUS,
        REASON_EXPECTATION,
        REASON_BAD_BODY,
        REASON_TOO_LARGE,
        REASON_TIMEOUT,
        REASON_CONNECT,
        REASON_DNS,
        REASON_TLS,
        REASON_PROTOCOL,
        REASON_REDIRECT,
        REASON_DENIED_ADDRESS,
        REASON_TEMPLATE,
        REASON_BAD_URL,
        REASON_STORE_REFUSED,
        _REASON_N,
} FailureReason;

/* `http_status`; "" for REASON_NONE. Static. */
const char *reason_name(FailureReason reason);

/* One line for people: what happened. Static. */
const char *reason_help(FailureReason reason);

/* What people can do about it, with JOB in the place of the job's name. Static. */
const char *reason_remedy(FailureReason reason);

/* The reason of that name, or REASON_NONE if there is none. */
FailureReason reason_parse(const char *name);
