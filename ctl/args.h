#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/alloc.h"
#include "common/commands.h"
#include "common/error.h"
#include "common/option.h"

/*
 * What was typed, by the table of commands. All strings are those of argv or of the tables and live as
 * long as these; only the arrays belong to Args. Pure, any thread.
 */

typedef struct Args Args;
typedef struct ArgsOption ArgsOption;

struct ArgsOption {
        const char *flag;  /* the table's own string, also where the shorthand was typed */
        const Option *key; /* the key of a job file that it sets; NULL: an option of the command itself */
        const char *value; /* NULL: it takes none */
};

struct Args {
        const Command *command; /* status where none was typed */
        bool command_typed;
        const char *job;          /* NULL: not named */
        const char **positionals; /* without the job */
        size_t n_positionals;
        ArgsOption *options; /* in the order typed, without the global ones */
        size_t n_options;

        const char *socket; /* the global options */
        bool json;
        bool no_color;
        bool help;
        bool version;
};

/*
 * Reads argv. Options may stand before and after other arguments, as `--flag value`, `--flag=value`, `-n
 * value` and `-nvalue`; after `--` nothing is an option. With --help or --version the other arguments are not
 * counted.
 *
 * @keys: the table whose flags a command with `job_options` takes, too
 * Returns 0; -EINVAL with @error filled; -ENOMEM. @ret_args is emptied by args_deinit().
 */
int args_parse(int argc, char *const argv[], const Option *keys, Args *ret_args, UserError *error);
void args_deinit(Args *args);

/* "unknown command", with the nearest one. Returns -EINVAL with @error filled, or -ENOMEM. */
int args_refuse_command(const char *name, UserError *error);

/* An option of the command itself: whether it was typed; its value, the last one counting, or NULL. */
bool args_has(const Args *args, const char *flag);
const char *args_value(const Args *args, const char *flag);
