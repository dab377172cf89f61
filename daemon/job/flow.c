/* One generation of a job at work, from store to store. */

#include "daemon/job/flow.h"

#include <errno.h>

#include "common/error.h"

StoreQuery flow_query(const FlowOptions *options) {
        return (StoreQuery) {
                .selection = options->target.generation > 1 ? STORE_SELECT_FAILED : STORE_SELECT_PENDING,
                .target = options->target,
                .filter = options->spec->filter_bson,
                .retry = options->retry,
                .fields = request_template_fields(options->spec->templates),
                .resume = options->resume,
        };
}

static void wire(Flow *flow, const FlowOptions *options) {
        flow->services = options->services;
        flow->tally = flow->before = options->tally;
        flow->attempts_base = options->tally.attempts + options->unanswered;
        flow->resumed = options->resume;

        flow->feeder = (Feeder) {
                .services = options->services,
                .queue = &flow->queue,
                .watermark = &flow->watermark,
                .tally = &flow->tally,
                .resumes = options->resume && !options->counts,
                .counts = options->counts,
                .refuse = options->refuse,
                .userdata = options->userdata,
        };
        flow->writer = (Writer) {
                .services = options->services,
                .target = options->target,
                .watermark = &flow->watermark,
                .tally = &flow->tally,
                .refuse = options->refuse,
                .moved = options->moved,
                .userdata = options->userdata,
        };
        flow->dispatcher = (Dispatcher) {
                .services = options->services,
                .spec = options->spec,
                .queue = &flow->queue,
                .writer = &flow->writer,
                .pacing = options->pacing,
                .latency = options->latency,
                .ended = options->ended,
                .outcomes = options->outcomes,
                .failures = options->failures,
                .stop = options->stop,
                .feeder = &flow->feeder,
                .started = options->started_before + tally_documents(&options->tally),
        };
}

int flow_new(const FlowOptions *options, Flow **ret_flow) {
        _cleanup_(flow_freep) Flow *flow = NULL;
        StoreQuery query = flow_query(options);
        int r;

        flow = calloc(1, sizeof(*flow));
        if (!flow)
                return -ENOMEM;

        wire(flow, options);
        queue_init(&flow->queue, options->spec->pace.concurrency);
        watermark_init(&flow->watermark, options->at, &options->tally);
        dispatcher_init(&flow->dispatcher);
        failure_stop_begin(options->stop, options->resume && !options->counts);
        r = writer_init(&flow->writer);
        if (r)
                return error_trace(r);

        r = feeder_init(&flow->feeder, &query);
        if (r)
                return error_trace(r);

        *ret_flow = TAKE_PTR(flow);
        return 0;
}

Flow *flow_free(Flow *flow) {
        if (!flow)
                return NULL;

        feeder_deinit(&flow->feeder);
        dispatcher_deinit(&flow->dispatcher);
        queue_deinit(&flow->queue);
        writer_deinit(&flow->writer);
        watermark_deinit(&flow->watermark);
        free(flow);
        return NULL;
}

/* What may stop the job counts what an earlier daemon has stored as well. */
static bool must_know_answered(const JobSpec *spec) {
        return spec->stop.limit > 0 || spec->stop.failures.count > 0 || spec->stop.failures.percent > 0;
}

static void settle_stop(Flow *flow) {
        Tally all;

        if (flow->dispatcher.stop->settled || !feeder_knows_answered(&flow->feeder))
                return;

        all = flow->before;
        tally_add(&all, feeder_answered(&flow->feeder));
        failure_stop_settle(flow->dispatcher.stop, tally_documents(&all), tally_failed(&all));
}

void flow_read(Flow *flow, bool rest) {
        queue_resize(&flow->queue, flow->dispatcher.pacing->concurrency);
        /* A paused job reads no further than its queue is long; what is shown of it is to be whole all the same. */
        flow->feeder.looks_ahead |= rest || must_know_answered(flow->dispatcher.spec);
        settle_stop(flow);
        feeder_run(&flow->feeder);
        if (rest)
                feeder_rest(&flow->feeder);
}

static bool nothing_to_send(const Flow *flow) {
        return !flow->queue.n && dispatcher_window(&flow->dispatcher) == flow->writer.unstored;
}

bool flow_has_more(const Flow *flow) {
        return !flow->feeder.ended || !nothing_to_send(flow);
}

bool flow_finished(const Flow *flow) {
        return flow->feeder.ended && nothing_to_send(flow) && flow->writer.unstored == 0;
}

bool flow_settled(const Flow *flow) {
        return dispatcher_idle(&flow->dispatcher) && writer_settled(&flow->writer);
}

bool flow_quiet(const Flow *flow) {
        return dispatcher_idle(&flow->dispatcher) && flow->writer.unstored == 0 &&
               feeder_idle(&flow->feeder) && writer_idle(&flow->writer);
}

void flow_hurry(Flow *flow) {
        if (dispatcher_idle(&flow->dispatcher) && flow->writer.unstored)
                writer_flush(&flow->writer);
}

bool flow_counted(const Flow *flow) {
        return !flow->left_uncounted && (!flow->resumed || flow->feeder.ended);
}

void flow_cancel(Flow *flow) {
        flow->left_uncounted = !flow_counted(flow);
        flow->dispatcher.last_words = true;
        flow->feeder.ended = true;
        dispatcher_drop_waiting(&flow->dispatcher);
        queue_deinit(&flow->queue);
}

void flow_again(Flow *flow) {
        feeder_again(&flow->feeder);
        writer_again(&flow->writer);
}

uint64_t flow_known(const Flow *flow) {
        return tally_documents(&flow->tally) + flow->queue.n + dispatcher_window(&flow->dispatcher);
}

uint64_t flow_attempts(const Flow *flow) {
        return flow->attempts_base + feeder_answered(&flow->feeder)->attempts + flow->dispatcher.attempts;
}
