/* Follows a job to its end, through restarts of the daemon and until somebody presses Ctrl-C. */

#include "ctl/watch.h"

#include <errno.h>
#include <string.h>

#include "common/option.h"
#include "common/timeutil.h"
#include "ctl/interrupt.h"
#include "ctl/progress.h"
#include "ctl/words.h"

#define INTERVAL_LIVE 0.5 /* seconds between two replies, beside those at each change of state */
#define INTERVAL_LINES 5.0
#define INTERVAL_QUIET 60.0

#define RECONNECT_FOR_S 10
#define RECONNECT_EVERY_US (250 * USEC_PER_MSEC)

#define LIMIT_REACHED "limit reached" /* reasons of a pause, as the daemon says them */
#define BY_USER "by user"

typedef struct Watch Watch;

struct Watch {
        Call *call;
        const WatchOptions *options;
        Progress progress;
        Interrupt interrupt;
        char *job;   /* as typed, then its id, once a reply has told it: a name may be used again */
        char *name;  /* NULL: not known yet */
        char *state; /* NULL: not known yet */
        uint64_t reconnect_until_us; /* 0: the connection holds */
};

ExitCode watch_verdict(const JobView *job, bool for_paused) {
        ExitCode with_failures = job->failed > 0 ? EXIT_CODE_FAILED_DOCUMENTS : EXIT_CODE_DONE;
        const char *reason = job->reason ? job->reason : "";

        if (job_view_is(job, "done"))
                return with_failures;

        if (!job_view_is(job, "paused"))
                return EXIT_CODE_ERROR;

        if (for_paused)
                return EXIT_CODE_DONE;

        if (strcmp(reason, LIMIT_REACHED) == 0)
                return with_failures;

        return strcmp(reason, BY_USER) != 0 && job->failed > 0 ? EXIT_CODE_FAILED_DOCUMENTS : EXIT_CODE_ERROR;
}

static int replace(char **string, const char *by) {
        char *copy;

        if (!by)
                return 0;

        copy = strdup(by);
        if (!copy)
                return -ENOMEM;

        free(*string);
        *string = copy;
        return 0;
}

static int watch_init(Watch *watch, Call *call, const char *job, const WatchOptions *options) {
        int r;

        *watch = (Watch) {
                .call = call,
                .options = options,
                .progress = { .out = stderr, .live = output_live() },
                .interrupt = INTERRUPT_INIT,
        };

        r = replace(&watch->job, job);
        if (r)
                return r;

        return interrupt_init(&watch->interrupt);
}

static void watch_deinit(Watch *watch) {
        progress_end(&watch->progress);
        interrupt_deinit(&watch->interrupt);
        free(watch->job);
        free(watch->name);
        free(watch->state);
}

static double interval(const Watch *watch) {
        if (!watch->options->progress)
                return INTERVAL_QUIET;

        return watch->progress.live || watch->call->output.json ? INTERVAL_LIVE : INTERVAL_LINES;
}

static int send_watch(Watch *watch) {
        Call *call = watch->call;

        call_begin(call, "Watch", true);
        if (watch->job)
                json_member_string(call->writer, "job", watch->job);
        json_member_double(call->writer, "interval", interval(watch));
        return call_send(call);
}

static int remember(Watch *watch, const JsonValue *job) {
        int r;

        r = replace(&watch->job, json_get_string(job, "id", NULL));
        if (r)
                return r;

        r = replace(&watch->name, json_get_string(job, "name", NULL));
        if (r)
                return r;

        return replace(&watch->state, json_get_string(job, "state", NULL));
}

static void print_summary(const Output *output, const JobView *job) {
        char ok[WORDS_SIZE], failed[WORDS_SIZE], gone[WORDS_SIZE], elapsed[WORDS_SIZE];

        output_text_state(output, job);
        fprintf(output->out, ": %s ok, %s failed, %s gone in %s", words_count(job->ok, ok),
                words_count(job->failed, failed), words_count(job->gone, gone),
                words_duration(job->elapsed_s, elapsed));

        if (job->total == 0)
                fprintf(output->out,
                        "; no document matched: see whether %s exists and has documents without answer",
                        job->collection);
        if (job->failed > 0)
                fprintf(output->out, "; see why: reqctl status %s", job->name);
        if (job_view_is(job, "paused"))
                fprintf(output->out, "; go on with: reqctl resume %s", job->name);
        fputc('\n', output->out);
}

/* @last: nothing more comes. */
static int show(Watch *watch, const VarlinkReply *reply, const JobView *job, bool last) {
        const Output *output = &watch->call->output;

        if (output->json)
                return watch->options->progress || last ? output_json(output, reply->parameters) : 0;

        if (last) {
                progress_clear(&watch->progress);
                print_summary(output, job);
        } else if (watch->options->progress) {
                progress_show(&watch->progress, job);
        }

        return 0;
}

static int take_reply(Watch *watch, const VarlinkReply *reply, bool *ret_last) {
        const JsonValue *status = json_get(reply->parameters, "job");
        JobView job = job_view_read(status);
        int r;

        r = remember(watch, status);
        if (r)
                return r;

        if (reply->continues && watch->reconnect_until_us) {
                output_note("connected again");
                watch->reconnect_until_us = 0;
        }

        /* A stream that ends though the job goes on is a daemon that goes down politely. */
        *ret_last = !reply->continues && !job_view_is(&job, "running");
        r = show(watch, reply, &job, *ret_last);
        if (r)
                return r;

        return *ret_last ? (int)watch_verdict(&job, watch->options->for_paused) : 0;
}

/* Reads one stream. Returns what the end means; EXIT_CODE_UNREACHABLE without a word if it broke off. */
static int read_stream(Watch *watch) {
        ClientLimits limits = { watch->options->until_us, watch->interrupt.fd };
        bool last = false, continues = true;
        int r;

        while (!last && continues) {
                _cleanup_(varlink_reply_deinit) VarlinkReply reply = {};

                r = call_receive(watch->call, &limits, &reply);
                if (r)
                        return r;

                if (reply.error) {
                        progress_end(&watch->progress);
                        return call_refuse_reply(&reply);
                }

                continues = reply.continues;
                r = take_reply(watch, &reply, &last);
                if (r)
                        return r;
        }

        return last ? 0 : (int)EXIT_CODE_UNREACHABLE;
}

static void begin_reconnecting(Watch *watch) {
        watch->call->client = client_free(watch->call->client);
        if (watch->reconnect_until_us)
                return;

        progress_end(&watch->progress);
        output_note("lost the connection to reqd; trying for %d s to reconnect", RECONNECT_FOR_S);
        watch->reconnect_until_us = time_now_us() + RECONNECT_FOR_S * USEC_PER_SEC;
}

/* Until the next attempt; 0, or why there is none. */
static int wait_before_attempt(const Watch *watch) {
        uint64_t next_us = time_now_us() + RECONNECT_EVERY_US, until_us = watch->options->until_us;
        ClientLimits limits = { next_us, watch->interrupt.fd };
        int r;

        if (until_us && until_us < next_us)
                limits.until_us = until_us;

        r = client_wait(&limits);
        if (r < 0)
                return r;
        if (r == CLIENT_E_INTERRUPTED)
                return EXIT_CODE_INTERRUPTED;
        if (until_us && time_now_us() >= until_us)
                return EXIT_CODE_TIMED_OUT;

        return 0;
}

static int reconnect(Watch *watch) {
        int r;

        begin_reconnecting(watch);
        for (;;) {
                _cleanup_(user_error_deinit) UserError error = {};

                r = wait_before_attempt(watch);
                if (r)
                        return r;

                r = client_new(watch->call->args->socket, &watch->call->client, &error);
                if (r <= 0)
                        return r;

                if (time_now_us() >= watch->reconnect_until_us) {
                        output_error(&error);
                        return EXIT_CODE_UNREACHABLE;
                }
        }
}

static int watch_to_end(Watch *watch) {
        int r;

        r = call_connect(watch->call);
        if (r)
                return r;

        for (;;) {
                r = send_watch(watch);
                if (r)
                        return r;

                r = read_stream(watch);
                if (r != EXIT_CODE_UNREACHABLE)
                        return r;

                r = reconnect(watch);
                if (r)
                        return r;
        }
}

/* What is left to say when something else than the job has ended. */
static void say_why(Watch *watch, int r) {
        const char *name = watch->name ? watch->name : watch->job;

        if (r == EXIT_CODE_INTERRUPTED && watch->progress.live)
                watch->progress.drawn = true; /* the terminal shows ^C, if nothing else */
        progress_end(&watch->progress);

        if (r == EXIT_CODE_INTERRUPTED && name)
                output_note("%s goes on; see it with: reqctl status %s; stop it with: reqctl cancel %s", name,
                        name, name);
        else if (r == EXIT_CODE_INTERRUPTED)
                output_note("the job goes on; see it with: reqctl status; stop it with: reqctl cancel");
        else if (r == EXIT_CODE_TIMED_OUT && watch->state)
                output_note("%s: still %s", name, watch->state);
        else if (r == EXIT_CODE_TIMED_OUT)
                output_note("the time is up");
}

int watch_job(Call *call, const char *job, const WatchOptions *options) {
        _cleanup_(watch_deinit) Watch watch;
        int r;

        r = watch_init(&watch, call, job, options);
        if (r)
                return error_trace(r);

        r = watch_to_end(&watch);
        say_why(&watch, r);
        return r;
}

static int read_options(const Args *args, WatchOptions *options, UserError *error) {
        const char *state = args_value(args, "--for"), *timeout = args_value(args, "--timeout");
        _cleanup_(user_error_deinit) UserError inner = {};
        uint64_t now_us = time_now_us(), timeout_us;
        int r;

        if (state && strcmp(state, "done") != 0 && strcmp(state, "paused") != 0)
                return user_error_set(error, "--for", "done or paused", "unknown state '%s'", state);

        options->for_paused = state && strcmp(state, "paused") == 0;
        if (!timeout)
                return 0;

        r = duration_parse(timeout, &timeout_us, &inner);
        if (r)
                return user_error_set(error, "--timeout", inner.hint, "%s", inner.message);

        if (timeout_us < UINT64_MAX - now_us) /* beyond that there is no end to wait for */
                options->until_us = now_us + timeout_us;
        return 0;
}

int watch_run(Call *call) {
        _cleanup_(user_error_deinit) UserError error = {};
        WatchOptions options = {};
        int r;

        r = read_options(call->args, &options, &error);
        if (r == -EINVAL)
                return call_refuse(&error, EXIT_CODE_USAGE);
        if (r)
                return error_trace(r);

        return watch_job(call, call->args->job, &options);
}
