#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/alloc.h"

/*
 * The table of commands: one row says what is typed after `reqctl`, which method of the interface it
 * calls, and what help says about it. Parsing, help and the check against org.reqd.varlink fall out of it.
 * Static and immutable, any thread.
 */

typedef struct Command Command;
typedef struct CommandOption CommandOption;

typedef enum CommandJob {
        COMMAND_JOB_NONE,
        COMMAND_JOB_OPTIONAL, /* without it: the only unfinished one, or all of them */
        COMMAND_JOB_REQUIRED,
} CommandJob;

#define COMMAND_ARGS_ANY ((size_t)-1)

struct CommandOption {
        const char *flag; /* "--follow"; a table of options ends with a NULL flag */
        char shorthand;   /* 'n' for -n; 0: none */
        const char *arg;  /* what help calls its value; NULL: it takes none */
        const char *help;
};

struct Command {
        const char *name; /* the table ends with a NULL name */
        CommandJob job;   /* the job comes before the other arguments */
        const char *args; /* the other arguments, as help shows them; NULL: none */
        size_t min_args;
        size_t max_args;
        const CommandOption *options; /* its own; NULL: none */
        bool job_options;             /* takes the keys of a job file as options, too */
        bool live_keys;               /* its arguments name those keys of a job file that may change */
        const char *method;           /* "Submit", of org.reqd; NULL: it asks the daemon for nothing */
        const char *job_method;       /* called instead where a job is named; NULL: the same one */
        const char *help;
        bool later; /* the name is known, its meaning comes in a later version: "not supported yet" */
};

extern const Command commands[];

/* Those that every command takes, before it or after it. */
extern const CommandOption command_global_options[];

/* NULL if there is none of that name. */
const Command *command_find(const char *name);
const CommandOption *command_option_find(const CommandOption *options, const char *flag);
const CommandOption *command_option_find_shorthand(const CommandOption *options, char shorthand);
