/* Documents that cannot be sent now, in one lane for each origin. */

#include "daemon/job/lane.h"

#include <errno.h>

#include "common/error.h"

#define CONTAINER(_pointer, _type, _member) ((_type *)(void *)((char *)(_pointer)-offsetof(_type, _member)))

typedef enum LanePlace {
        LANE_IDLE, /* in no list: all its documents wait for a time */
        LANE_READY,
        LANE_CROWDED,
        LANE_CLOSED,
} LanePlace;

struct Lane {
        TAILQ_ENTRY(Lane) entry; /* of the list that `place` names */
        LanePlace place;
        bool timed;     /* `until` stands in closed_until */
        HeapItem until; /* CLOCK_MONOTONIC, microseconds */
        HttpOriginWatch watch;
        HttpOrigin *origin; /* held by the documents */
        Lanes *lanes;
        LaneKind kind;
        DocumentList documents;
        size_t n; /* documents, those in `waiting` included */
};

void lanes_init(Lanes *lanes, const Services *services) {
        *lanes = (Lanes) { .services = services };
        for (LaneKind kind = 0; kind < _LANE_KIND_N; kind++) {
                TAILQ_INIT(&lanes->ready[kind]);
                TAILQ_INIT(&lanes->crowded[kind]);
        }
        TAILQ_INIT(&lanes->closed);
}

static struct LaneList *list_of(const Lane *lane) {
        switch (lane->place) {
        case LANE_READY:
                return &lane->lanes->ready[lane->kind];
        case LANE_CROWDED:
                return &lane->lanes->crowded[lane->kind];
        case LANE_CLOSED:
                return &lane->lanes->closed;
        default:
                return NULL;
        }
}

static void move(Lane *lane, LanePlace place) {
        if (lane->timed)
                heap_remove(&lane->lanes->closed_until, &lane->until);
        lane->timed = false;

        if (lane->place != LANE_IDLE)
                TAILQ_REMOVE(list_of(lane), lane, entry);
        lane->place = place;
        if (place != LANE_IDLE)
                TAILQ_INSERT_TAIL(list_of(lane), lane, entry);
}

static void on_changed(HttpOriginWatch *watch) {
        Lane *lane = CONTAINER(watch, Lane, watch);

        /* A crowded one, too: others may have had its name looked up. */
        if (lane->place != LANE_CLOSED && lane->place != LANE_CROWDED)
                return;

        move(lane, LANE_READY);
        services_kick(lane->lanes->services);
}

static Lane *find(const Lanes *lanes, const HttpOrigin *origin, LaneKind kind) {
        HttpOriginWatch *watch = NULL;

        while ((watch = http_origin_next_watch(origin, watch))) {
                Lane *lane = CONTAINER(watch, Lane, watch);

                if (watch->changed == on_changed && lane->lanes == lanes && lane->kind == kind)
                        return lane;
        }

        return NULL;
}

static Lane *find_or_add(Lanes *lanes, HttpOrigin *origin, LaneKind kind) {
        Lane *lane = find(lanes, origin, kind);

        if (lane)
                return lane;

        lane = calloc(1, sizeof(*lane));
        if (!lane)
                return NULL;

        lane->watch.changed = on_changed;
        lane->origin = origin;
        lane->lanes = lanes;
        lane->kind = kind;
        TAILQ_INIT(&lane->documents);
        http_origin_watch(origin, &lane->watch);
        return lane;
}

static void lane_free(Lane *lane) {
        move(lane, LANE_IDLE);
        http_origin_unwatch(lane->origin, &lane->watch);
        free(lane);
}

static size_t *count_of(Lanes *lanes, LaneKind kind) {
        return kind == LANE_RETRY ? &lanes->n_due : &lanes->n_parked;
}

static void add(Lane *lane, Document *document) {
        if (document->ahead)
                TAILQ_INSERT_HEAD(&lane->documents, document, entry);
        else
                TAILQ_INSERT_TAIL(&lane->documents, document, entry);
        ++*count_of(lane->lanes, lane->kind);
        if (lane->place == LANE_IDLE)
                move(lane, LANE_READY);
}

bool lanes_has_parked(const Lanes *lanes, const HttpOrigin *origin) {
        return find(lanes, origin, LANE_FIRST);
}

int lanes_park(Lanes *lanes, Document *document) {
        Lane *lane = find_or_add(lanes, document->origin, LANE_FIRST);

        if (!lane)
                return error_trace(-ENOMEM);

        document->lane = lane;
        lane->n++;
        add(lane, document);
        return 0;
}

int lanes_wait(Lanes *lanes, Document *document, uint64_t at_us, bool ahead) {
        Lane *lane = find_or_add(lanes, document->origin, LANE_RETRY);

        if (!lane)
                return error_trace(-ENOMEM);

        document->lane = lane;
        document->ahead = ahead;
        lane->n++;
        heap_insert(&lanes->waiting, &document->due, at_us);
        lanes->n_waiting++;
        return 0;
}

static void end_wait(Lanes *lanes, Document *document) {
        heap_remove(&lanes->waiting, &document->due);
        lanes->n_waiting--;
}

static void wake(Lanes *lanes, uint64_t now_us) {
        HeapItem *item;

        while ((item = lanes->waiting.first) && item->at <= now_us) {
                Document *document = CONTAINER(item, Document, due);

                end_wait(lanes, document);
                add(document->lane, document);
        }

        while ((item = lanes->closed_until.first) && item->at <= now_us)
                move(CONTAINER(item, Lane, until), LANE_READY);
}

/* Puts a lane where its origin's state says. */
static void place(Lane *lane, HttpOriginReady ready, uint64_t until_us) {
        move(lane, ready == HTTP_ORIGIN_CROWDED ? LANE_CROWDED : LANE_CLOSED);
        if (ready == HTTP_ORIGIN_CLOSED && until_us > 0) {
                lane->timed = true;
                heap_insert(&lane->lanes->closed_until, &lane->until, until_us);
        }
}

Document *lanes_next(Lanes *lanes, LaneKind kind, uint32_t left, uint64_t now_us) {
        Lane *lane;

        wake(lanes, now_us);
        for (;;) {
                HttpOriginReady ready;
                uint64_t wait_us;

                lane = TAILQ_FIRST(&lanes->ready[kind]);
                if (!lane)
                        lane = TAILQ_FIRST(&lanes->crowded[kind]);
                if (!lane)
                        return NULL;

                ready = http_origin_check(lane->origin, kind == LANE_RETRY, left, now_us, &wait_us);
                if (ready == HTTP_ORIGIN_READY)
                        return TAILQ_FIRST(&lane->documents);
                if (lane->place == LANE_CROWDED && ready == HTTP_ORIGIN_CROWDED)
                        return NULL; /* and so are all behind it */

                place(lane, ready, wait_us ? now_us + wait_us : 0);
        }
}

static void leave(Lane *lane) {
        if (--lane->n == 0)
                lane_free(lane);
        else if (TAILQ_EMPTY(&lane->documents))
                move(lane, LANE_IDLE);
}

void lanes_take(Lanes *lanes, Document *document) {
        Lane *lane = TAKE_PTR(document->lane);

        TAILQ_REMOVE(&lane->documents, document, entry);
        --*count_of(lanes, lane->kind);
        leave(lane);
}

uint64_t lanes_wait_us(const Lanes *lanes, uint64_t now_us) {
        uint64_t at_us = UINT64_MAX;

        if (lanes->waiting.first)
                at_us = lanes->waiting.first->at;
        if (lanes->closed_until.first && lanes->closed_until.first->at < at_us)
                at_us = lanes->closed_until.first->at;
        if (at_us == UINT64_MAX)
                return 0;

        return at_us > now_us ? at_us - now_us : 1;
}

static void drop_all(Lanes *lanes, struct LaneList *list) {
        Lane *lane;

        while ((lane = TAILQ_FIRST(list))) {
                Document *document = TAILQ_FIRST(&lane->documents);

                lanes_take(lanes, document);
                document_free(document);
        }
}

void lanes_deinit(Lanes *lanes) {
        while (lanes->waiting.first) {
                Document *document = CONTAINER(lanes->waiting.first, Document, due);

                end_wait(lanes, document);
                leave(TAKE_PTR(document->lane));
                document_free(document);
        }

        for (LaneKind kind = 0; kind < _LANE_KIND_N; kind++) {
                drop_all(lanes, &lanes->ready[kind]);
                drop_all(lanes, &lanes->crowded[kind]);
        }
        drop_all(lanes, &lanes->closed);
}

const Lane *lanes_next_closed(const Lanes *lanes, const Lane *lane) {
        return lane ? TAILQ_NEXT(lane, entry) : TAILQ_FIRST(&lanes->closed);
}

bool lane_is_second(const Lane *lane) {
        const Lane *other = lane->kind == LANE_RETRY ? find(lane->lanes, lane->origin, LANE_FIRST) : NULL;

        return other && other->place == LANE_CLOSED;
}

const HttpOrigin *lane_origin(const Lane *lane) {
        return lane->origin;
}

OriginHold lane_hold(const Lane *lane, uint64_t now_us, uint64_t *ret_wait_us) {
        return origin_pace_check(
                http_origin_pace(lane->origin), lane->kind == LANE_RETRY, 0, now_us, ret_wait_us);
}
