#pragma once

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "common/alloc.h"
#include "daemon/http/decoder.h"
#include "daemon/http/engine.h"
#include "daemon/http/framing.h"
#include "daemon/http/origin.h"
#include "daemon/http/response.h"

/*
 * One pooled easy handle and the exchange that it carries out: options, callbacks, result.
 *
 * It knows nothing of multis: the shard that it is started in adds and removes the handle, and calls
 * transfer_conclude() once curl is done with it. Thread: the loop's.
 */

typedef struct Transfer Transfer;
typedef struct TransferList TransferList;
typedef struct TransferRun TransferRun;
typedef struct TransferSetup TransferSetup;

enum {
        _TRANSFER_E_SUCCESS,

        TRANSFER_E_AGAIN, /* a kept connection turned out dead: add the handle once more */
};

/* What all transfers of an engine have in common; outlives them. */
struct TransferSetup {
        const char *ca_file;    /* or NULL */
        const char *user_agent; /* or NULL */
        const char *proxy;      /* or NULL */
        const Egress *egress;
        CURLSH *share;
        uint64_t prune_us; /* when the shared DNS cache was last cleared of old names */
};

/* One exchange; zero is its beginning. */
struct TransferRun {
        HttpResponse response; /* the first: http_response_take_body() finds the rest by it */
        HttpHop hop;
        HttpResult verdict; /* our own, which goes before curl's code; HTTP_ANSWERED: none */
        const char *reason; /* the words for it */
        char *body;
        size_t body_size;
        size_t max_bytes;
        Framing framing;    /* of the latest answer */
        Decoder *decoder;   /* NULL: there is nothing to decode */
        bool content_begun; /* the first bytes of the body have come */
        uint64_t started_us;
        uint64_t deadline_us;
        bool idempotent;
        bool custom_method;
        bool same_origin;
        bool follows;        /* redirects */
        bool looking_up;     /* this exchange is the one that its origin's name waits for */
        bool new_connection; /* opened for the coming request */
        bool reused;         /* the latest request went over a kept connection */
        bool opened;         /* at least one address of this hop was allowed */
        bool denied;         /* at least one was not */
        bool starved;        /* for one of them this process had no descriptor or memory */
        bool repeated;       /* the one silent repeat is used up */
        bool dead;           /* a kept connection died, and we stopped curl from repeating by itself */
        bool asked;          /* a request has been handed to a connection, at any hop */
        bool large;          /* the handle has grown and is not worth keeping */
};

struct Transfer {
        TAILQ_ENTRY(Transfer) link; /* of its shard while it runs, else of whoever has it */
        TransferSetup *setup;
        CURL *easy;
        struct curl_slist *headers;
        HttpOrigin *origin; /* referenced by the engine while the exchange lasts */
        uint32_t slot;
        http_done_fn done;
        void *userdata;
        TransferRun run;
        char error[CURL_ERROR_SIZE];
};

TAILQ_HEAD(TransferList, Transfer);

/* Returns 0 or -ENOMEM. */
int transfer_new(TransferSetup *setup, Transfer **ret_transfer);
Transfer *transfer_free(Transfer *transfer);
DEFINE_FREEP(Transfer, transfer);

/* Makes the handle ready to be added to a multi. @origin: referenced by the caller. Returns 0 or -ENOMEM. */
int transfer_prepare(Transfer *transfer, HttpOrigin *origin, const HttpRequest *request);

/*
 * Turns what curl says into the response, after the handle has left its multi.
 * Returns 0, or TRANSFER_E_AGAIN: the handle is ready to be added again, and this is called once more.
 */
int transfer_conclude(Transfer *transfer, CURLcode code);

/* As transfer_conclude(), for a transfer whose multi failed: it ends as HTTP_CONNECT. */
void transfer_fail(Transfer *transfer, const char *reason);

/* Lets go of the exchange. Returns whether the handle is as small as a new one, so that it can be pooled. */
bool transfer_reset(Transfer *transfer);
