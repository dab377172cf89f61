/* Turns argv into a call, by the table of commands. */

#include "ctl/args.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/nearest.h"
#include "ctl/help.h"

typedef struct Parser Parser;

struct Parser {
        char *const *argv;
        int argc;
        int next;
        bool options_ended; /* by `--` */
        const Option *keys;
        UserError *error;
        Args args;
};

/* A row of one of the tables that an option may stand in. */
typedef struct Found {
        const CommandOption *global;
        const CommandOption *own;
        const Option *key;
} Found;

static const CommandOption *own_options(const Parser *parser) {
        return parser->args.command ? parser->args.command->options : NULL;
}

static const Option *key_options(const Parser *parser) {
        return parser->args.command && parser->args.command->job_options ? parser->keys : NULL;
}

static bool find_long(const Parser *parser, const char *flag, Found *ret_found) {
        const Option *keys = key_options(parser);
        Found found = {
                .global = command_option_find(command_global_options, flag),
                .own = command_option_find(own_options(parser), flag),
                .key = keys ? option_find_flag(keys, flag) : NULL,
        };

        *ret_found = found;
        return found.global || found.own || found.key;
}

static bool find_short(const Parser *parser, char shorthand, Found *ret_found) {
        const Option *keys = key_options(parser);
        Found found = {
                .global = command_option_find_shorthand(command_global_options, shorthand),
                .own = command_option_find_shorthand(own_options(parser), shorthand),
                .key = keys ? option_find_shorthand(keys, shorthand) : NULL,
        };

        *ret_found = found;
        return found.global || found.own || found.key;
}

static int refuse_with_nearest(
        UserError *error, const Nearest *nearest, const char *fallback, const char *kind) {
        _cleanup_free_ char *hint = NULL;

        if (nearest->best && asprintf(&hint, "did you mean %s?", nearest->best) < 0)
                return -ENOMEM;

        return user_error_set(error, NULL, hint ? hint : fallback, "unknown %s '%s'", kind, nearest->typed);
}

static int refuse_option(const Parser *parser, const char *flag) {
        const Command *command = parser->args.command;
        _cleanup_free_ char *fallback = NULL;
        Nearest nearest = { .typed = flag };

        for (const CommandOption *option = command_global_options; option->flag; option++)
                nearest_try(&nearest, option->flag);
        for (const CommandOption *option = own_options(parser); option && option->flag; option++)
                nearest_try(&nearest, option->flag);
        for (const Option *key = key_options(parser); key && key->path; key++)
                if (key->flag)
                        nearest_try(&nearest, key->flag);

        if (!command)
                return refuse_with_nearest(
                        parser->error, &nearest, "a command's options come after it", "option");

        if (asprintf(&fallback, "see: reqctl help %s", command->name) < 0)
                return -ENOMEM;

        return refuse_with_nearest(parser->error, &nearest, fallback, "option");
}

int args_refuse_command(const char *name, UserError *error) {
        Nearest nearest = { .typed = name };

        for (const Command *command = commands; command->name; command++)
                nearest_try(&nearest, command->name);

        return refuse_with_nearest(error, &nearest, "see: reqctl help", "command");
}

static void set_global(Args *args, const char *flag, const char *value) {
        if (strcmp(flag, "--socket") == 0)
                args->socket = value;
        else if (strcmp(flag, "--json") == 0)
                args->json = true;
        else if (strcmp(flag, "--no-color") == 0)
                args->no_color = true;
        else if (strcmp(flag, "--help") == 0)
                args->help = true;
        else
                args->version = true;
}

static void add_option(Args *args, const Found *found, const char *value) {
        args->options[args->n_options++] = (ArgsOption) {
                .flag = found->own ? found->own->flag : found->key->flag,
                .key = found->own ? NULL : found->key,
                .value = value,
        };
}

static const char *found_arg(const Found *found) {
        if (found->global)
                return found->global->arg;
        if (found->own)
                return found->own->arg;
        if (found->key->type == OPTION_BOOL)
                return NULL;

        return found->key->arg ? found->key->arg : "VALUE";
}

/* @attached: the value typed in the same argument, or NULL */
static int take_option(Parser *parser, const Found *found, const char *typed, const char *attached) {
        const char *arg = found_arg(found), *value = attached;

        if (!arg && attached)
                return user_error_set(parser->error, NULL, NULL, "%s takes no value", typed);

        if (arg && !value) {
                if (parser->next >= parser->argc)
                        return user_error_set(
                                parser->error, NULL, NULL, "%s needs a value: %s %s", typed, typed, arg);
                value = parser->argv[parser->next++];
        }

        if (found->global)
                set_global(&parser->args, found->global->flag, value);
        else
                add_option(&parser->args, found, value);
        return 0;
}

static int parse_long(Parser *parser, const char *typed) {
        const char *equals = strchr(typed, '=');
        _cleanup_free_ char *flag = NULL;
        Found found;

        flag = equals ? strndup(typed, (size_t)(equals - typed)) : strdup(typed);
        if (!flag)
                return -ENOMEM;

        if (!find_long(parser, flag, &found))
                return refuse_option(parser, flag);

        return take_option(parser, &found, flag, equals ? equals + 1 : NULL);
}

static int parse_short(Parser *parser, const char *typed) {
        char flag[] = { '-', typed[1], '\0' };
        Found found;

        if (!find_short(parser, typed[1], &found))
                return refuse_option(parser, flag);

        return take_option(parser, &found, flag, typed[2] ? typed + 2 : NULL);
}

static int parse_command(Parser *parser, const char *name) {
        const Command *command = command_find(name);

        if (!command)
                return args_refuse_command(name, parser->error);

        if (command->later)
                return user_error_set(parser->error, name, "see: reqctl help", "not supported yet");

        parser->args.command = command;
        parser->args.command_typed = true;
        return 0;
}

static int parse_argument(Parser *parser, const char *typed) {
        if (!parser->options_ended && strcmp(typed, "--") == 0) {
                parser->options_ended = true;
                return 0;
        }

        if (!parser->options_ended && strncmp(typed, "--", 2) == 0)
                return parse_long(parser, typed);

        if (!parser->options_ended && typed[0] == '-' && typed[1])
                return parse_short(parser, typed);

        if (!parser->args.command)
                return parse_command(parser, typed);

        parser->args.positionals[parser->args.n_positionals++] = typed;
        return 0;
}

/* `set rate=5` names no job; where a command takes no such arguments, the first one always does. */
static bool names_job(const Command *command, const char *first) {
        return command->job != COMMAND_JOB_NONE && (command->max_args == 0 || !strchr(first, '='));
}

static void take_job(Args *args) {
        if (args->n_positionals == 0 || !names_job(args->command, args->positionals[0]))
                return;

        args->job = args->positionals[0];
        args->n_positionals--;
        memmove(args->positionals, args->positionals + 1, args->n_positionals * sizeof(args->positionals[0]));
}

static int check_counts(const Args *args, UserError *error) {
        const Command *command = args->command;
        _cleanup_free_ char *usage = help_usage(command);

        if (!usage)
                return -ENOMEM;

        if (command->job == COMMAND_JOB_REQUIRED && !args->job)
                return user_error_set(error, NULL, usage, "%s needs a job", command->name);

        if (args->n_positionals < command->min_args)
                return user_error_set(error, NULL, usage, "%s needs %s", command->name, command->args);

        if (args->n_positionals > command->max_args)
                return user_error_set(
                        error, NULL, usage, "unexpected argument '%s'", args->positionals[command->max_args]);

        return 0;
}

static int parse_all(Parser *parser) {
        int r;

        while (parser->next < parser->argc) {
                r = parse_argument(parser, parser->argv[parser->next++]);
                if (r)
                        return r;
        }

        if (!parser->args.command)
                parser->args.command = command_find("status");

        take_job(&parser->args);
        if (parser->args.help || parser->args.version)
                return 0;

        return check_counts(&parser->args, parser->error);
}

int args_parse(int argc, char *const argv[], const Option *keys, Args *ret_args, UserError *error) {
        Parser parser = { .argv = argv, .argc = argc, .next = 1, .keys = keys, .error = error };
        size_t most = argc > 0 ? (size_t)argc : 1;
        int r;

        parser.args.positionals = calloc(most, sizeof(parser.args.positionals[0]));
        parser.args.options = calloc(most, sizeof(parser.args.options[0]));

        r = parser.args.positionals && parser.args.options ? parse_all(&parser) : -ENOMEM;
        if (r) {
                args_deinit(&parser.args);
                return r;
        }

        *ret_args = parser.args;
        return 0;
}

void args_deinit(Args *args) {
        free(args->positionals);
        free(args->options);
        *args = (Args) {};
}

static const ArgsOption *find_own(const Args *args, const char *flag) {
        for (size_t i = args->n_options; i > 0; i--)
                if (!args->options[i - 1].key && strcmp(args->options[i - 1].flag, flag) == 0)
                        return &args->options[i - 1];

        return NULL;
}

bool args_has(const Args *args, const char *flag) {
        return find_own(args, flag) != NULL;
}

const char *args_value(const Args *args, const char *flag) {
        const ArgsOption *option = find_own(args, flag);

        return option ? option->value : NULL;
}
