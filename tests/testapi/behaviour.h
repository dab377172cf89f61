#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "tests/testapi/bytes.h"

/*
 * What a request asks the server to do to it, and what follows from that.
 *
 * One table in behaviour.c holds every parameter: the parser of queries, the options of the command
 * line, `/_set` and the text of `--help` fall out of it. The table is the documentation.
 *
 * Values are percent-decoded (`+` stays a plus), names are not; of two equal names the later wins;
 * a name that is not in the table is left to the client.
 */

typedef struct Behaviour Behaviour;
typedef struct BehaviourPlan BehaviourPlan;

typedef enum {
        BEHAVIOUR_CLOSE_NEVER,
        BEHAVIOUR_CLOSE_BEFORE, /* instead of the answer */
        BEHAVIOUR_CLOSE_INSIDE, /* reset in the middle of the body */
        BEHAVIOUR_CLOSE_AFTER,  /* after the answer, although keep-alive was implied */
} BehaviourClose;

enum {
        _BEHAVIOUR_E_SUCCESS,

        BEHAVIOUR_E_VALUE, /* not a value for this parameter */
        BEHAVIOUR_E_NAME,  /* no such parameter here */
};

typedef enum {
        BEHAVIOUR_OF_REQUEST, /* stands in a request's query */
        BEHAVIOUR_DEFAULT,    /* stands on the command line or in the query of /_set */
} BehaviourScope;

/* Numbers are all of one type so that the table can point at them; 0 is off or not given. */
struct Behaviour {
        uint64_t delay_us;
        uint64_t status;
        uint64_t size;
        uint64_t flaky;
        uint64_t flaky_status;
        uint64_t fail; /* hundredths of a percent */
        uint64_t knee;
        uint64_t hops;
        uint64_t gzip;
        uint64_t bomb;
        uint64_t close; /* BehaviourClose */
        uint64_t hang;
        uint64_t drip;
        uint64_t chunked;
        uint64_t echo;
        Text id;
        Text retry_after;
        Text header;
        Text redirect;
        Text text;
        Text body;
};

struct BehaviourPlan {
        uint64_t delay_us;
        unsigned status;
        bool redirects; /* the answer is the redirect, not where it leads to */
        bool at_once;   /* refused beyond twice the knee */
        bool stretched; /* the delay grew beyond the knee: a length of its own, not worth a shared timer */
};

/*
 * Takes the parameters of @scope from a query. Texts in @behaviour then point into @room, which has
 * at least query.len bytes. @behaviour may be half changed when it fails.
 *
 * @ret_wrong: the name that was refused, part of @query
 * Returns 0, BEHAVIOUR_E_VALUE, or BEHAVIOUR_E_NAME (only when @scope is BEHAVIOUR_DEFAULT).
 */
int behaviour_read(Behaviour *behaviour, BehaviourScope scope, Text query, char *room, Text *ret_wrong);

/* The same for one parameter whose value needs no decoding; @value must live as long as @behaviour. */
int behaviour_set(Behaviour *behaviour, BehaviourScope scope, Text name, Text value);

/*
 * Decides. Pure: the same arguments give the same plan.
 *
 * @knee: of the server, not of the request
 * @n: how many requests this id has seen, with this one
 * @hash: of the id
 * @in_flight: with this one
 */
BehaviourPlan behaviour_plan(
        const Behaviour *behaviour, uint64_t knee, uint64_t n, uint64_t hash, uint64_t in_flight);

/* The names of the parameters that may be defaults, in the table's order; NULL beyond the last. */
const char *behaviour_default_name(size_t i);

/* What a value of this parameter looks like, "a time such as 200 or 1.5s"; @name is in the table. */
const char *behaviour_expected(Text name);

/* The defaults as a JSON object of the same names. */
void behaviour_add_json(Bytes *bytes, const Behaviour *behaviour);

/* The parameters' part of the help; with the mark * on those that may be defaults. */
void behaviour_help(FILE *file);
