#pragma once

#include <stdint.h>

#include "common/log.h"

/*
 * What happens to the daemon and to jobs, as the journal tells it: one row an event gives its MESSAGE_ID, its
 * level, and what `journalctl -x` explains (reqd.catalog is made from this table). A new event is a row here
 * and its name in the enumeration. Static and immutable, any thread.
 */

typedef struct Event Event;

typedef enum EventId {
        EVENT_STARTED,
        EVENT_STOPPING,
        EVENT_DRAIN_CUT_SHORT,
        EVENT_STOPPED,
        EVENT_RELOADED,
        EVENT_RELOAD_REFUSED,
        EVENT_SETTING_CHANGED,
        EVENT_STORE_LOST,
        EVENT_STORE_BACK,
        EVENT_STORE_REFUSES,
        EVENT_LEASE_LOST,
        EVENT_DESCRIPTORS_SHORT,
        EVENT_CLIENTS_TURNED_AWAY,
        EVENT_JOB_SUBMITTED,
        EVENT_JOB_BEGUN,
        EVENT_JOB_PAUSED,
        EVENT_JOB_RESUMED,
        EVENT_JOB_CHANGED,
        EVENT_JOB_RETRIED,
        EVENT_JOB_CANCELLED,
        EVENT_JOB_DONE,
        EVENT_JOB_DELETED,
        EVENT_JOB_FAILURES,
        EVENT_JOB_RECORD_REFUSED,
        EVENT_JOB_ANSWERS_LOST,
        EVENT_JOB_UNREADABLE,
        EVENT_ORIGIN_LEFT_ALONE,
        EVENT_ORIGIN_BACK,
        EVENT_ORIGIN_HELD,
        EVENT_LOG_DROPPED,
        _EVENT_N,
} EventId;

struct Event {
        const char *name;       /* "job-paused" */
        const char *message_id; /* 32 hex digits, as sd-id128(3) prints them; never used for anything else */
        LogLevel level;
        const char *subject;     /* of the catalog's entry; "@JOB@" stands for that field's value */
        const char *explanation; /* what it means, and what to do; lines ended by "\n" */
};

extern const Event events[_EVENT_N];
