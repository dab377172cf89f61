/* The origins that a job waits for. */

#include "daemon/job/origin_status.h"

#include "common/timeutil.h"
#include "daemon/job/lane.h"

#define LOOKED_AT_MAX 1000 /* lanes: some of them only wait for a name to be looked up */

static void write_until(JsonWriter *writer, uint64_t wait_us) {
        char text[TIME_RFC3339_SIZE];

        if (wait_us)
                json_member_string(writer, "until",
                        time_format_rfc3339(time_wall_ms() + (int64_t)(wait_us / USEC_PER_MSEC), text));
        else
                json_member_null(writer, "until");
}

/* Returns whether there was something to write. */
static bool write_lane(const Lane *lane, uint64_t now_us, JsonWriter *writer) {
        const OriginPace *pace = http_origin_pace(lane_origin(lane));
        uint64_t wait_us;
        OriginHold hold = lane_hold(lane, now_us, &wait_us);

        if (hold == ORIGIN_HOLD_NONE)
                return false;

        json_open_object(writer);
        json_member_string(writer, "origin", http_origin_name(lane_origin(lane)));
        json_member_string(writer, "state", origin_hold_name(hold));
        write_until(writer, wait_us);
        json_member_string(writer, "reason", origin_pace_reason(pace, hold));
        json_member_double(writer, "failing", origin_pace_failing(pace));
        json_close_object(writer);
        return true;
}

static void write_lanes(const Lanes *lanes, JsonWriter *writer) {
        uint64_t now_us = time_now_us();
        const Lane *lane = NULL;
        unsigned n = 0;

        for (unsigned i = 0; i < LOOKED_AT_MAX && n < ORIGIN_STATUS_MAX; i++) {
                lane = lanes_next_closed(lanes, lane);
                if (!lane)
                        break;
                if (!lane_is_second(lane))
                        n += write_lane(lane, now_us, writer);
        }
}

void origin_status_write(const Job *job, JsonWriter *writer) {
        json_key(writer, "origins");
        json_open_array(writer);
        if (job->flow)
                write_lanes(&job->flow->dispatcher.lanes, writer);
        json_close_array(writer);
}
