/*
 * Makes a manual page from its template: a line `@NAME@` becomes the table of that name, in mdoc(7), written
 * from the same table that the programs use. Run by the build: page TEMPLATE > PAGE.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/commands.h"
#include "common/event.h"
#include "common/option.h"
#include "common/option_value.h"
#include "ctl/exit_code.h"
#include "daemon/arguments.h"
#include "daemon/spec/config.h"
#include "daemon/spec/job_spec.h"
#include "daemon/spec/reason.h"

#define LINE_BYTES 80 /* mandoc(1) minds longer lines */

/* Text inside a line: nothing in it is roff. */
static void put_text(FILE *out, const char *text) {
        if (*text == '.' || *text == '\'')
                fputs("\\&", out);
        for (; *text; text++)
                if (*text == '\\')
                        fputs("\\e", out);
                else
                        putc(*text, out);
}

/* One argument of a macro, whatever is in it. */
static void put_argument(const char *text) {
        fputs(" \"", stdout);
        for (; *text; text++)
                if (*text == '"')
                        fputs("\"\"", stdout);
                else if (*text == '\\')
                        fputs("\\e", stdout);
                else
                        putchar(*text);
        putchar('"');
}

/* A line of text, broken at blanks where it is long; a line that would look like a macro's is not begun. */
static void put_filled(const char *text) {
        size_t column = 0;

        while (*text && *text != '\n') {
                size_t word = strcspn(text, " \n"), blanks = strspn(text + word, " ");
                bool breaks = column + 1 + word > LINE_BYTES && *text != '.' && *text != '\'';

                if (column)
                        putchar(breaks ? '\n' : ' ');
                fwrite(text, 1, word, stdout);
                column = column && !breaks ? column + 1 + word : word;
                text += word + blanks;
        }
        putchar('\n');
}

/* A row's help as a sentence, behind @before. */
static void put_sentence(const char *before, const char *help) {
        _cleanup_free_ char *sentence = NULL;
        size_t size;
        FILE *out = open_memstream(&sentence, &size);

        if (!out)
                abort();

        fputs(before, out);
        put_text(out, help);
        putc('.', out);
        if (fclose(out) == EOF)
                abort();
        put_filled(sentence);
}

static void put_help(const char *help) {
        put_sentence("", help);
}

static void put_line(const char *text) {
        put_text(stdout, text);
        putchar('\n');
}

static void begin_list(void) {
        puts(".Bl -tag -width Ds -compact");
}

static void end_list(void) {
        puts(".El");
}

/* mdoc's Fl writes the first dash. */
static void put_flag(const char *flag, char shorthand, const char *arg, const char *help) {
        fputs(".It ", stdout);
        if (shorthand)
                printf("Fl %c , ", shorthand);
        printf("Fl %s", flag + 1);
        if (arg) {
                fputs(" Ar", stdout);
                put_argument(arg);
        }
        putchar('\n');
        put_help(help);
}

static void put_synopsis(const CommandOption *options) {
        for (const CommandOption *option = options; option->flag; option++) {
                printf(".Op Fl %s", option->flag + 1);
                if (option->arg) {
                        fputs(" Ar", stdout);
                        put_argument(option->arg);
                }
                putchar('\n');
        }
}

static void put_options(const CommandOption *options) {
        begin_list();
        for (const CommandOption *option = options; option->flag; option++)
                put_flag(option->flag, option->shorthand, option->arg, option->help);
        end_list();
}

static void put_command(const Command *command) {
        static const char *const jobs[] = {
                [COMMAND_JOB_NONE] = "",
                [COMMAND_JOB_OPTIONAL] = " Oo Ar JOB Oc",
                [COMMAND_JOB_REQUIRED] = " Ar JOB",
        };

        printf(".It Cm %s%s", command->name, jobs[command->job]);
        if (command->args) {
                fputs(" Ar", stdout);
                put_argument(command->args);
        }
        putchar('\n');
        put_help(command->help);
        if (command->job_options)
                puts("The keys of a job file are options as well, see\n.Sx JOB OPTIONS .");
        if (command->live_keys)
                puts("See\n.Sx SETTINGS .");
        if (command->options)
                put_options(command->options);
}

static void put_commands(void) {
        puts(".Bl -tag -width Ds");
        for (const Command *command = commands; command->name; command++)
                if (!command->later)
                        put_command(command);
        end_list();
}

static void put_global_options(void) {
        put_options(command_global_options);
}

static void put_global_synopsis(void) {
        put_synopsis(command_global_options);
}

static void put_daemon_options(void) {
        put_options(arguments_options);
}

static void put_daemon_synopsis(void) {
        put_synopsis(arguments_options);
}

static void put_default(const Option *option) {
        if (option->fallback && *option->fallback) {
                puts("The default is");
                fputs(".Ql", stdout);
                put_argument(option->fallback);
                puts(" .");
        }
}

static void put_bounds(const Option *option) {
        char min[NUMBER_TEXT_SIZE], max[NUMBER_TEXT_SIZE];

        if (option->type != OPTION_COUNT && option->type != OPTION_SIZE && option->type != OPTION_DURATION)
                return;

        number_format(option->type, option->min, min);
        number_format(option->type, option->max, max);
        if (option->min && option->max)
                printf("From %s to %s.\n", min, max);
        else if (option->max)
                printf("At most %s.\n", max);
        else if (option->min)
                printf("At least %s.\n", min);
}

static void put_job_options(void) {
        begin_list();
        for (const Option *key = job_spec_options; key->path; key++) {
                if (!key->flag || key->later)
                        continue;
                put_flag(key->flag, key->shorthand, key->arg, key->help);
                if (key->type == OPTION_LIST || key->type == OPTION_MAP)
                        puts("It may be given more than once.");
                put_default(key);
        }
        end_list();
}

static void put_live_keys(void) {
        begin_list();
        for (const Option *key = job_spec_options; key->path; key++) {
                if (!key->live || key->later)
                        continue;
                printf(".It Cm %s Ns = Ns Ar", key->flag + strlen("--"));
                put_argument(key->arg);
                putchar('\n');
                put_help(key->help);
                if (key->none)
                        puts(".Ql none\ntakes it away.");
        }
        end_list();
}

/* What a value looks like in JSON. */
static const char *json_form(const Option *key) {
        switch (key->type) {
        case OPTION_COUNT:
                return "number";
        case OPTION_SIZE:
                return "size";
        case OPTION_DURATION:
                return "duration";
        case OPTION_RATE:
                return "rate";
        case OPTION_SHARE:
                return "number or share";
        case OPTION_BOOL:
                return "true or false";
        case OPTION_LIST:
                return "array";
        case OPTION_MAP:
        case OPTION_JSON:
                return "object";
        default:
                return "string";
        }
}

static void put_choices(const Option *key) {
        if (!key->choices)
                return;

        fputs("One of", stdout);
        for (const char *const *choice = key->choices; *choice; choice++)
                printf("%s %s", choice == key->choices ? "" : ",", *choice);
        puts(".");
}

static void put_job_keys(void) {
        puts(".Bl -tag -width Ds");
        for (const Option *key = job_spec_options; key->path; key++) {
                if (key->later)
                        continue;
                printf(".It Cm %s Pq %s\n", key->path, json_form(key));
                put_help(key->help);
                put_choices(key);
                put_bounds(key);
                put_default(key);
        }
        end_list();
}

static void put_config(void) {
        size_t section = 0;

        for (const Option *option = config_options; option->path; option++) {
                size_t len = strcspn(option->path, ".");

                if (option->later)
                        continue;
                if (len != section || strncmp(option->path, (option - 1)->path, len) != 0) {
                        if (section)
                                end_list();
                        printf(".Ss [%.*s]\\&\n.Bl -tag -width Ds\n", (int)len, option->path);
                        section = len;
                }
                printf(".It Cm %s Ns = Ns Ar", option->path + len + 1);
                put_argument(option->arg);
                putchar('\n');
                put_help(option->help);
                put_bounds(option);
                put_default(option);
                if (!option->live)
                        puts("A change needs a restart.");
        }
        if (section)
                end_list();
}

static void put_reasons(void) {
        puts(".Bl -tag -width denied_address");
        for (FailureReason reason = REASON_NONE + 1; reason < _REASON_N; reason++) {
                printf(".It Cm %s\n", reason_name(reason));
                put_help(reason_help(reason));
                put_sentence("What to do: ", reason_remedy(reason));
        }
        end_list();
}

static void put_exit_codes(void) {
        puts(".Bl -tag -width 130 -compact");
        for (int code = EXIT_CODE_DONE; code <= EXIT_CODE_INTERRUPTED; code++)
                if (exit_code_help((ExitCode)code)) {
                        printf(".It %d\n", code);
                        put_help(exit_code_help((ExitCode)code));
                }
        end_list();
}

static void put_events(void) {
        puts(".Bl -tag -width 33n -compact");
        for (EventId id = 0; id < _EVENT_N; id++) {
                printf(".It Li %s\n", events[id].message_id);
                put_line(events[id].name);
        }
        end_list();
}

static const struct {
        const char *name;
        void (*put)(void);
} tables[] = {
        { "commands", put_commands },
        { "config", put_config },
        { "daemon-options", put_daemon_options },
        { "daemon-synopsis", put_daemon_synopsis },
        { "events", put_events },
        { "exit-codes", put_exit_codes },
        { "global-options", put_global_options },
        { "global-synopsis", put_global_synopsis },
        { "job-keys", put_job_keys },
        { "job-options", put_job_options },
        { "live-keys", put_live_keys },
        { "reasons", put_reasons },
};

/* A line of the template as it is, but for long text that may be filled. False: it names no table that there is. */
static bool put_template_line(const char *line, bool literal) {
        size_t len = strcspn(line, "\n");

        if (len < 2 || line[0] != '@' || line[len - 1] != '@') {
                if (len > LINE_BYTES && line[0] != '.' && !literal)
                        put_filled(line);
                else
                        fputs(line, stdout);
                return true;
        }

        for (size_t i = 0; i < ELEMENTSOF(tables); i++)
                if (strlen(tables[i].name) == len - 2 && strncmp(tables[i].name, line + 1, len - 2) == 0) {
                        tables[i].put();
                        return true;
                }

        return false;
}

int main(int argc, char **argv) {
        FILE *template = argc == 2 ? fopen(argv[1], "re") : NULL;
        char line[1024];
        bool literal = false;

        if (!template) {
                fprintf(stderr, "usage: page TEMPLATE > PAGE\n");
                return 2;
        }

        while (fgets(line, sizeof(line), template)) {
                if (strncmp(line, ".Bd -literal", strlen(".Bd -literal")) == 0)
                        literal = true;
                else if (strcmp(line, ".Ed\n") == 0)
                        literal = false;

                if (!put_template_line(line, literal)) {
                        fprintf(stderr, "%s: there is no table for %s", argv[1], line);
                        return 1;
                }
        }

        fclose(template);
        return fflush(stdout) ? 1 : 0;
}
