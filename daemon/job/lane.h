#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "common/heap.h"
#include "daemon/http/http_origin.h"
#include "daemon/job/document.h"
#include "daemon/job/services.h"

/*
 * Documents that cannot be sent now, in one lane for each origin: those that were read while it was to be left
 * alone, and those to be retried, each in a lane of its own. A look at what may be sent costs the same however
 * many documents wait, and however many origins they wait for: a lane is looked at when its origin may have
 * changed, not its documents, and only until the first that is ready.
 *
 * Lanes belong to one dispatcher, and each lives as long as it has documents. Thread: the loop's; nothing here
 * blocks or calls back before it returns, but for services_kick().
 */

typedef struct Lane Lane;
typedef struct Lanes Lanes;

typedef enum LaneKind {
        LANE_FIRST, /* documents that were never sent */
        LANE_RETRY,
        _LANE_KIND_N,
} LaneKind;

TAILQ_HEAD(LaneList, Lane);

struct Lanes {
        const Services *services;
        struct LaneList ready[_LANE_KIND_N]; /* for all that is known; in the order in which they became so */
        struct LaneList crowded[_LANE_KIND_N]; /* HTTP_ORIGIN_CROWDED, when they were looked at last */
        struct LaneList closed;                /* HTTP_ORIGIN_CLOSED; their watches wake them, or: */
        Heap closed_until;                     /* of those that open at a known time */
        Heap waiting;                          /* documents whose retry has a time */
        size_t n_waiting;                      /* those */
        size_t n_due;                          /* to be retried, their time has come */
        size_t n_parked;                       /* never sent */
};

void lanes_init(Lanes *lanes, const Services *services);

/* Frees every document. */
void lanes_deinit(Lanes *lanes);

/* Whether a document of @origin that was never sent must queue up behind others of its kind. */
bool lanes_has_parked(const Lanes *lanes, const HttpOrigin *origin);

/*
 * Takes a document that was never sent, whose origin is not ready. Returns 0; or -ENOMEM, and takes nothing.
 * So do the following.
 */
int lanes_park(Lanes *lanes, Document *document);

/* Takes a document that is to be sent once more at @at_us or later; @ahead: then before others that are due. */
int lanes_wait(Lanes *lanes, Document *document, uint64_t at_us, bool ahead);

/*
 * The first document of that kind whose origin may start, or NULL. It stays where it is until lanes_take().
 * @left: see retry_budget_wait_us().
 */
Document *lanes_next(Lanes *lanes, LaneKind kind, uint32_t left, uint64_t now_us);

/* The document that lanes_next() gave is the caller's. */
void lanes_take(Lanes *lanes, Document *document);

/* How long until lanes_next() may give something that it does not give now; 0: until an event. */
uint64_t lanes_wait_us(const Lanes *lanes, uint64_t now_us);

/* The first lane of those whose origins are closed, or the one behind @lane; NULL: none. */
const Lane *lanes_next_closed(const Lanes *lanes, const Lane *lane);

/* Whether the lane before this one, of the same origin, is among those as well: it says the same. */
bool lane_is_second(const Lane *lane);

/* The origin that a lane waits for, and what holds it. @ret_wait_us: see origin_pace_check(). */
const HttpOrigin *lane_origin(const Lane *lane);
OriginHold lane_hold(const Lane *lane, uint64_t now_us, uint64_t *ret_wait_us);
