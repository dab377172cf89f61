#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tests/testapi/ids.h"

/*
 * What the server saw, for `/_counters` and `/_ids`: tests compare it with what the client says it did.
 *
 * A request counts once it was wholly read and its turn on its connection came; it is in flight from
 * then until its last byte was handed to the kernel or its connection ended. So
 * requests = sum of by_status + unanswered + in_flight, unless a reset came while some were in flight.
 */

typedef struct Counters Counters;
typedef struct CountersRequest CountersRequest;

#define COUNTERS_STATUS_END 1000

struct Counters {
        uint64_t requests;
        uint64_t in_flight;
        uint64_t max_in_flight;
        uint64_t connections; /* open now */
        uint64_t accepted;
        uint64_t unanswered; /* closed or reset by either side before the end of the answer */
        uint64_t malformed;  /* refused as HTTP, not among the requests */
        uint64_t repeated;
        uint32_t max_per_id;
        uint32_t epoch; /* changes by a reset */
        uint64_t by_status[COUNTERS_STATUS_END];
        Ids ids;
};

/* What a request in flight has to give back. */
struct CountersRequest {
        uint32_t epoch;
        bool counted;
};

/* @ret_n: how many requests this id has seen, with this one. Returns 0 or -ENOMEM. */
int counters_begin(Counters *counters, Text id, uint64_t hash, CountersRequest *ret_request, uint32_t *ret_n);

/* @status: 0 for an answer that did not arrive whole. A second call for the same request does nothing. */
void counters_end(Counters *counters, CountersRequest *request, unsigned status);

/* Zeroes all but what is true now: requests in flight, connections. A request from before counts nowhere. */
void counters_reset(Counters *counters);

void counters_add_json(Bytes *bytes, const Counters *counters);

void counters_deinit(Counters *counters);
