#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "common/commands.h"
#include "daemon/spec/config.h"

/* What is typed after `reqd`. Thread: the main one, before anything runs. */

typedef struct Arguments Arguments;

/* The strings are argv's. */
struct Arguments {
        ConfigArguments config;
        bool check; /* the configuration, and end */
};

enum {
        _ARGUMENTS_E_SUCCESS,

        ARGUMENTS_E_ANSWERED, /* --help or --version was printed: end */
        ARGUMENTS_E_WRONG,    /* a message was printed: end with 2 */
};

/* The options; ends with a NULL flag. */
extern const CommandOption arguments_options[];

/* Returns 0 or an ARGUMENTS_E_*. */
int arguments_parse(int argc, char **argv, Arguments *ret_arguments);
