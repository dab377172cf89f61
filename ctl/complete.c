/* What a shell offers when somebody presses TAB. */

#include "ctl/complete.h"

#include <stdio.h>
#include <string.h>

#include "common/commands.h"
#include "common/option.h"
#include "common/timeutil.h"
#include "ctl/client.h"
#include "daemon/spec/job_spec.h"
#include "daemon/spec/reason.h"

#define DAEMON_WITHIN_US (2 * USEC_PER_SEC) /* nobody waits longer for a TAB */

typedef struct Typed Typed;

/* What stands before the word that is being typed. */
struct Typed {
        const char *word;
        const Command *command; /* NULL: none yet */
        const char *socket;
        size_t n_positionals; /* of the command, before the word */
        const char *wants;    /* the flag that the word is the value of, or NULL */
        const char *wants_arg;
};

static void offer(const Typed *typed, const char *candidate, const char *help) {
        if (strncmp(candidate, typed->word, strlen(typed->word)) == 0)
                printf("%s\t%s\n", candidate, help ? help : "");
}

static const CommandOption *find_option(const CommandOption *options, const char *word) {
        return word[1] == '-' ? command_option_find(options, word)
                              : command_option_find_shorthand(options, word[1]);
}

static const Option *find_key(const Command *command, const char *word) {
        if (!command || !command->job_options)
                return NULL;

        return word[1] == '-' ? option_find_flag(job_spec_options, word)
                              : option_find_shorthand(job_spec_options, word[1]);
}

/*
 * What help calls the value that stands behind the option @word, or NULL if there is no such option, or it takes
 * none, or has it already, as -n5 does.
 */
static const char *arg_of(const Command *command, const char *word) {
        const CommandOption *option = find_option(command_global_options, word);
        const Option *key;

        if (word[1] && word[1] != '-' && word[2])
                return NULL;
        if (!option && command)
                option = find_option(command->options, word);
        if (option)
                return option->arg;

        key = find_key(command, word);
        return key ? key->arg : NULL;
}

static void look_at(Typed *typed, const char *word) {
        if (typed->wants) {
                if (strcmp(typed->wants, "--socket") == 0)
                        typed->socket = word;
                typed->wants = typed->wants_arg = NULL;
        } else if (strncmp(word, "--socket=", strlen("--socket=")) == 0)
                typed->socket = word + strlen("--socket=");
        else if (word[0] == '-') {
                typed->wants_arg = arg_of(typed->command, word);
                typed->wants = typed->wants_arg ? word : NULL;
        } else if (typed->command)
                typed->n_positionals++;
        else
                typed->command = command_find(word);
}

static void offer_options(const Typed *typed, const CommandOption *options) {
        for (const CommandOption *option = options; option && option->flag; option++)
                offer(typed, option->flag, option->help);
}

static void offer_flags(const Typed *typed) {
        const Command *command = typed->command;

        if (command)
                offer_options(typed, command->options);
        if (command && command->job_options)
                for (const Option *key = job_spec_options; key->path; key++)
                        if (key->flag && !key->later)
                                offer(typed, key->flag, key->help);
        offer_options(typed, command_global_options);
}

static void offer_commands(const Typed *typed) {
        for (const Command *command = commands; command->name; command++)
                if (!command->later)
                        offer(typed, command->name, command->help);
}

static void offer_reasons(const Typed *typed) {
        for (FailureReason reason = REASON_NONE + 1; reason < _REASON_N; reason++)
                offer(typed, reason_name(reason), reason_help(reason));
}

static void offer_value(const Typed *typed) {
        const Option *key = typed->command && typed->command->job_options
                                    ? option_find_flag(job_spec_options, typed->wants)
                                    : NULL;

        if (strcmp(typed->wants_arg, "REASON") == 0)
                offer_reasons(typed);
        else if (strcmp(typed->wants, "--for") == 0) {
                offer(typed, "done", "");
                offer(typed, "paused", "");
        } else if (key && key->choices)
                for (const char *const *choice = key->choices; *choice; choice++)
                        offer(typed, *choice, "");
}

static void offer_settings(const Typed *typed) {
        for (const Option *key = job_spec_options; key->path; key++) {
                char setting[64];

                if (!key->live || key->later)
                        continue;

                snprintf(setting, sizeof(setting), "%s=", key->flag + strlen("--"));
                offer(typed, setting, key->help);
        }
}

static void offer_names(const Typed *typed, const JsonValue *jobs) {
        for (size_t i = 0; i < json_size(jobs); i++) {
                const JsonValue *job = json_at(jobs, i);

                offer(typed, json_get_string(job, "name", ""), json_get_string(job, "state", ""));
        }
}

static int offer_jobs(const Typed *typed) {
        ClientLimits limits = { .until_us = time_now_us() + DAEMON_WITHIN_US, .interrupt_fd = -1 };
        _cleanup_(json_writer_freep) JsonWriter *writer = json_writer_new(false);
        _cleanup_(varlink_reply_deinit) VarlinkReply reply = {};
        _cleanup_(user_error_deinit) UserError error = {};
        _cleanup_(client_freep) Client *client = NULL;
        int r;

        if (!writer || client_new(typed->socket, &client, &error))
                return 0;

        varlink_call_begin(writer, "org.reqd.GetStatus", false);
        varlink_call_end(writer);
        r = client_send(client, writer);
        if (!r)
                r = client_receive(client, &limits, &reply);
        if (!r && !reply.error)
                offer_names(typed, json_get(reply.parameters, "jobs"));

        return r < 0 ? r : 0;
}

static int offer_argument(const Typed *typed) {
        const Command *command = typed->command;
        int r = 0;

        if (command->job != COMMAND_JOB_NONE && typed->n_positionals == 0)
                r = offer_jobs(typed);
        if (command->live_keys)
                offer_settings(typed);
        if (strcmp(command->name, "help") == 0 && typed->n_positionals == 0)
                offer_commands(typed);

        return r;
}

int complete_run(int n_words, char *const words[]) {
        Typed typed = { .word = n_words > 0 ? words[n_words - 1] : "" };

        for (int i = 0; i < n_words - 1; i++)
                look_at(&typed, words[i]);

        if (typed.wants)
                offer_value(&typed);
        else if (typed.word[0] == '-')
                offer_flags(&typed);
        else if (typed.command)
                return offer_argument(&typed);
        else
                offer_commands(&typed);

        return 0;
}
