#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tests/testapi/behaviour.h"
#include "tests/testapi/body.h"
#include "tests/testapi/counters.h"
#include "tests/testapi/http_parse.h"
#include "tests/testapi/response.h"

/*
 * From a request to what happens on its connection. No I/O and no clock: connections do what an
 * ApiAnswer says.
 */

typedef struct Api Api;
typedef struct ApiAnswer ApiAnswer;

struct Api {
        Counters counters;
        Behaviour defaults;
        BodyPacker packer;
        Bytes room;     /* of decoded parameters, for one request */
        Bytes body;     /* of one answer */
        Bytes location; /* of one answer */
};

struct ApiAnswer {
        unsigned status;
        uint64_t delay_us;
        bool shared_delay; /* others have the same: worth a common timeout */
        uint64_t drip;     /* bytes of the body a second; 0: all at once */
        BehaviourClose close;
        bool hang;
        bool keep_alive; /* the connection is to live on */
        bool http10;
        bool streams; /* more has to be fetched by api_continue() when all is sent */
        uint32_t cursor;
        CountersRequest counted; /* for counters_end() */
};

/* @defaults has no texts. Returns 0 or -ENOMEM; needs api_deinit() in both cases. */
int api_init(Api *api, const Behaviour *defaults);
void api_deinit(Api *api);

/*
 * Decides about a complete request and writes its answer into @out, which was cleared. What is in
 * flight from here on ends by counters_end(). Returns 0 or -ENOMEM; @ret_answer->counted holds in both cases.
 */
int api_answer(Api *api, const HttpRequest *request, const char *data, Response *out, ApiAnswer *ret_answer);

/* Writes the answer to what is not HTTP. @error: HTTP_REQUEST_E_*. Returns 0 or -ENOMEM. */
int api_refuse(Api *api, int error, Response *out, ApiAnswer *ret_answer);

/* The next part of an answer that streams; @out was cleared. Returns 0 or -ENOMEM. */
int api_continue(Api *api, ApiAnswer *answer, Response *out);
