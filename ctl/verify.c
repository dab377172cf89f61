/* What was found when a job's documents were counted again. */

#include "ctl/verify.h"

#include <inttypes.h>
#include <stdio.h>

#include "ctl/words.h"

#define KEY_WIDTH 11 /* columns of the block's keys, as in status */

typedef struct Line Line;

/* A count that is shown, and what it counts. */
struct Line {
        const char *key;
        const char *text;
        bool always; /* also when it is 0 */
};

static const Line lines[] = {
        { "documents", "documents match the job's filter, or have an outcome of it", true },
        { "ok", "are ok", true },
        { "failed", "failed", true },
        { "open", "have no outcome", true },
        { "others", "have the outcome of another job", false },
        { "answered", "had a result field already, and were left alone", false },
        { "ok_without_result", "are ok, but have no result field", false },
        { "failed_with_result", "failed, but have a result field", false },
};

static void print_counts(const Output *output, const JsonValue *result) {
        for (size_t i = 0; i < ELEMENTSOF(lines); i++) {
                int64_t count = json_get_int(result, lines[i].key, 0);
                char text[WORDS_SIZE];

                if (count || lines[i].always)
                        fprintf(output->out, "%*s %s\n", KEY_WIDTH, words_count(count, text), lines[i].text);
        }
}

static void print_failures(const Output *output, const JsonValue *result) {
        const JsonValue *failures = json_get(result, "failures");

        for (size_t i = 0; failures && i < json_size(failures); i++) {
                const char *name = json_key_at(failures, i);
                char text[WORDS_SIZE];

                fprintf(output->out, "%*s   %s\n", KEY_WIDTH,
                        words_count(json_get_int(failures, name, 0), text), name);
        }
}

static void print_verdict(const Output *output, const JsonValue *result) {
        bool verified = json_get_bool(result, "verified", false);
        const char *job = json_get_string(result, "job", "?"), *state = json_get_string(result, "state", "?");
        const JsonValue *totals = json_get(result, "totals_match");
        Color color = verified ? COLOR_GOOD : COLOR_BAD;

        fprintf(output->out, "%s: %s%s%s", job, output_color(output, color),
                !verified                              ? "not as it should be"
                : json_get_int(result, "open", 0) == 0 ? "every document has exactly one outcome"
                                                       : "no document has more than one outcome",
                output_color_end(output, color));
        if (totals && json_type(totals) == JSON_NULL)
                fprintf(output->out, "; it is %s, and its totals may change still\n", state);
        else
                fprintf(output->out, "; it is %s, and its totals are %s\n", state,
                        json_get_bool(result, "totals_match", false) ? "those of the store" : "others");
}

static void print_problems(const JsonValue *result) {
        const JsonValue *problems = output_list(result, "problems");

        for (size_t i = 0; problems && i < json_size(problems); i++) {
                const JsonValue *problem = json_at(problems, i);
                char text[WORDS_SIZE];

                output_message("%s %s (%s)", words_count(json_get_int(problem, "count", 0), text),
                        json_get_string(problem, "message", "?"), json_get_string(problem, "hint", "?"));
        }
}

static void print_result(const Output *output, const JsonValue *result) {
        print_counts(output, result);
        print_failures(output, result);
        print_verdict(output, result);
        print_problems(result);
}

static void show_progress(const JsonValue *parameters) {
        char text[WORDS_SIZE];

        if (output_live())
                fprintf(stderr, "\r%s documents counted so far\033[K",
                        words_count(json_get_int(parameters, "examined", 0), text));
}

static int take_reply(const Call *call, const JsonValue *parameters) {
        const JsonValue *result = json_get(parameters, "result");
        bool there = result && json_type(result) == JSON_OBJECT;
        int r = 0;

        if (call->output.json)
                r = output_json(&call->output, parameters);
        else if (there)
                print_result(&call->output, result);
        else
                show_progress(parameters);

        return r ? r : there && !json_get_bool(result, "verified", false) ? EXIT_CODE_ERROR : 0;
}

int verify_run(Call *call) {
        bool continues = true;
        int r;

        call_begin(call, call->args->command->method, true);
        json_member_string(call->writer, "job", call->args->job);
        r = call_send(call);

        while (!r && continues) {
                _cleanup_(varlink_reply_deinit) VarlinkReply reply = {};

                r = call_receive(call, &CLIENT_LIMITS_NONE, &reply);
                if (!call->output.json)
                        output_clear_line();
                if (r == EXIT_CODE_UNREACHABLE)
                        output_message("reqd hung up before it had counted all");
                if (r)
                        return r;
                if (reply.error)
                        return call_refuse_reply(&reply);

                continues = reply.continues;
                r = take_reply(call, reply.parameters);
        }

        return r;
}
