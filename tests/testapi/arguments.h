#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "tests/testapi/behaviour.h"

/*
 * The command line. Messages about what is wrong with it go to stderr.
 */

typedef struct Arguments Arguments;

enum {
        _ARGUMENTS_E_SUCCESS,

        ARGUMENTS_E_HELP,  /* help was asked for and printed */
        ARGUMENTS_E_WRONG, /* it was said why */
};

struct Arguments {
        union {
                struct sockaddr any;
                struct sockaddr_in v4;
                struct sockaddr_in6 v6;
        } address;
        socklen_t address_size;
        const char *port_file; /* of argv; NULL: none */
        Behaviour defaults;
};

/* Returns 0 or one of ARGUMENTS_E_*. */
int arguments_read(Arguments *arguments, int argc, char **argv);
