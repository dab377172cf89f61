/* Help falls out of the tables, so that it cannot say anything else than what is understood. */

#include "ctl/help.h"

#include <string.h>

#include "ctl/exit_code.h"

#define FLAGS_WIDTH 28 /* columns of "-n, --concurrency N"; a longer one pushes its help to the right */

static const char *const job_words[] = {
        [COMMAND_JOB_NONE] = "",
        [COMMAND_JOB_OPTIONAL] = " [JOB]",
        [COMMAND_JOB_REQUIRED] = " JOB",
};

char *help_usage(const Command *command) {
        bool options = command->options || command->job_options;
        char *text;

        if (asprintf(&text, "reqctl %s%s%s%s%s", command->name, job_words[command->job],
                    command->args ? " " : "", command->args ? command->args : "",
                    options ? " [OPTIONS]" : "") < 0)
                return NULL;

        return text;
}

static void print_flag(FILE *out, const char *flag, char shorthand, const char *arg, const char *help) {
        char column[64];

        snprintf(column, sizeof(column), "%c%c%c %s%s%s", shorthand ? '-' : ' ', shorthand ? shorthand : ' ',
                shorthand ? ',' : ' ', flag, arg ? " " : "", arg ? arg : "");
        fprintf(out, "  %-*s %s\n", FLAGS_WIDTH, column, help);
}

static void print_options(FILE *out, const CommandOption *options) {
        for (const CommandOption *option = options; option && option->flag; option++)
                print_flag(out, option->flag, option->shorthand, option->arg, option->help);
}

static void print_key(FILE *out, const Option *key) {
        const char *help = key->help ? key->help : "";
        char text[256];

        snprintf(text, sizeof(text), key->fallback ? "%s (default: %s)" : "%s", help, key->fallback);
        print_flag(out, key->flag, key->shorthand, key->arg, text);
}

static void print_keys(FILE *out, const Option *keys, bool later) {
        for (const Option *key = keys; key->path; key++)
                if (key->flag && key->later == later)
                        print_key(out, key);
}

/* A key that may change is written as its flag without dashes. */
static void print_live_keys(FILE *out, const Option *keys) {
        for (const Option *key = keys; key->path; key++) {
                char column[64];

                if (!key->live || key->later || !key->flag)
                        continue;

                snprintf(column, sizeof(column), "%s=%s", key->flag + 2, key->arg ? key->arg : "VALUE");
                fprintf(out, "  %-*s %s\n", FLAGS_WIDTH, column, key->help ? key->help : "");
        }
}

static void print_commands(FILE *out, bool later) {
        for (const Command *command = commands; command->name; command++) {
                char column[64];

                if (command->later != later)
                        continue;

                snprintf(column, sizeof(column), "%s%s%s%s", command->name, job_words[command->job],
                        command->args ? " " : "", command->args ? command->args : "");
                fprintf(out, "  %-*s %s\n", FLAGS_WIDTH, column, command->help);
        }
}

static void print_exit_codes(FILE *out) {
        for (int code = EXIT_CODE_DONE; code <= EXIT_CODE_INTERRUPTED; code++)
                if (exit_code_help((ExitCode)code))
                        fprintf(out, "  %-4d %s\n", code, exit_code_help((ExitCode)code));
}

void help_print_all(FILE *out) {
        fprintf(out,
                "reqctl submits, watches and changes the jobs of reqd: one HTTP request for each document of "
                "a collection.\n\nUsage: reqctl [OPTIONS] COMMAND [ARGUMENTS]\n\nCommands:\n");
        print_commands(out, false);
        fprintf(out, "\nNot supported yet:\n");
        print_commands(out, true);
        fprintf(out, "\nOptions of every command:\n");
        print_options(out, command_global_options);
        fprintf(out, "\nExit codes:\n");
        print_exit_codes(out);
        fprintf(out, "\nMore about a command: reqctl help COMMAND\n");
}

void help_print_command(FILE *out, const Command *command, const Option *keys) {
        _cleanup_free_ char *usage = help_usage(command);

        fprintf(out, "Usage: %s\n\n%s%s\n", usage ? usage : command->name, command->help,
                command->later ? " (not supported yet)" : "");

        if (command->options || command->job_options)
                fprintf(out, "\nOptions:\n");
        print_options(out, command->options);

        if (command->job_options) {
                print_keys(out, keys, false);
                fprintf(out, "\nNot supported yet:\n");
                print_keys(out, keys, true);
        }

        if (command->live_keys) {
                fprintf(out, "\nKeys; numbers may be relative, such as +10%% or -5:\n");
                print_live_keys(out, keys);
        }

        fprintf(out, "\nOptions of every command:\n");
        print_options(out, command_global_options);
}
