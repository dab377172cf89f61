/* One pooled easy handle and the exchange that it carries out. */

#include "daemon/http/transfer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/timeutil.h"
#include "daemon/http/content.h"
#include "daemon/http/hop.h"
#include "daemon/http/request.h"
#include "daemon/system/descriptors.h"

#define BUFFER_BYTES (16 * 1024L) /* each way, for each transfer under way */
#define IDLE_MAX_S 3L             /* servers close after five and more; 7.88 may reuse a dead connection */
#define POOLED_BYTES (8 * 1024)   /* of the URL, and of the headers that came: both stay in the handle */

/* What never changes during a handle's life. An option that curl does not know or take is a broken build. */
static CURLcode set_constants(Transfer *transfer) {
        const TransferSetup *setup = transfer->setup;
        CURL *easy = transfer->easy;
        CURLcode code = CURLE_OK;

#define SET(_option, _value) code = code ? code : curl_easy_setopt(easy, _option, _value)
        SET(CURLOPT_PRIVATE, transfer);
        SET(CURLOPT_ERRORBUFFER, transfer->error);
        SET(CURLOPT_SHARE, setup->share);
        SET(CURLOPT_NOSIGNAL, 1L);
        SET(CURLOPT_QUICK_EXIT, 1L); /* else a timeout during a lookup waits in the loop for its thread */
        SET(CURLOPT_BUFFERSIZE, BUFFER_BYTES);
        SET(CURLOPT_UPLOAD_BUFFERSIZE, BUFFER_BYTES);
        SET(CURLOPT_MAXAGE_CONN, IDLE_MAX_S);
        SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1); /* HTTP/2 of 7.88 may cut a body short */
        SET(CURLOPT_HTTP09_ALLOWED, 0L);
        SET(CURLOPT_PROTOCOLS_STR, "http,https");
        SET(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
        SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
        SET(CURLOPT_USERAGENT, setup->user_agent);
        SET(CURLOPT_PROXY, setup->proxy ? setup->proxy : ""); /* without it the environment decides */
        SET(CURLOPT_NOPROXY, "");
        SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
        SET(CURLOPT_CAPATH, NULL); /* with one, the parsed certificates are not cached: 20 ms a connection */
        SET(CURLOPT_PROXY_CAPATH, NULL);
        if (setup->ca_file) {
                SET(CURLOPT_CAINFO, setup->ca_file);
                SET(CURLOPT_PROXY_CAINFO, setup->ca_file);
        }
#undef SET

        return code;
}

int transfer_new(TransferSetup *setup, Transfer **ret_transfer) {
        _cleanup_(transfer_freep) Transfer *transfer = calloc(1, sizeof(*transfer));

        if (!transfer)
                return -ENOMEM;

        transfer->setup = setup;
        transfer->easy = curl_easy_init();
        if (!transfer->easy || set_constants(transfer) || hop_watch(transfer) || content_watch(transfer))
                return -ENOMEM;

        *ret_transfer = TAKE_PTR(transfer);
        return 0;
}

Transfer *transfer_free(Transfer *transfer) {
        if (!transfer)
                return NULL;

        (void)transfer_reset(transfer);
        curl_easy_cleanup(transfer->easy);
        free(transfer);
        return NULL;
}

/* One limit for everything: curl's own for connecting is 300 s unless set. */
static void set_time_limit(Transfer *transfer, uint64_t now_us) {
        uint64_t left_us = transfer->run.deadline_us > now_us ? transfer->run.deadline_us - now_us : 0;
        uint64_t left_ms = (left_us + USEC_PER_MSEC - 1) / USEC_PER_MSEC;
        long limit_ms = left_ms > INT32_MAX ? INT32_MAX : left_ms > 0 ? (long)left_ms : 1; /* 0: none */

        curl_easy_setopt(transfer->easy, CURLOPT_TIMEOUT_MS, limit_ms);
        curl_easy_setopt(transfer->easy, CURLOPT_CONNECTTIMEOUT_MS, limit_ms);
}

int transfer_prepare(Transfer *transfer, HttpOrigin *origin, const HttpRequest *request) {
        uint64_t now_us = time_now_us();
        int r;

        transfer->error[0] = '\0';
        transfer->origin = origin;
        transfer->run = (TransferRun) {
                .max_bytes = request->max_bytes,
                .started_us = now_us,
                .deadline_us = now_us + request->timeout_us,
                .idempotent = request_is_idempotent(request->method),
                .custom_method = request_is_custom(request),
                .same_origin = request->same_origin,
                .follows = request->redirects > 0,
                .large = strlen(request->url) > POOLED_BYTES,
        };

        r = request_apply(request, transfer->easy, &transfer->headers);
        if (r)
                return error_trace(r);

        transfer->run.looking_up = origin_begin_lookup(origin, now_us);
        /* A kept connection would spare the lookup, and leave it to all that come after. */
        curl_easy_setopt(transfer->easy, CURLOPT_FRESH_CONNECT, transfer->run.looking_up ? 1L : 0L);
        curl_easy_setopt(transfer->easy, CURLOPT_DNS_CACHE_TIMEOUT,
                transfer->run.looking_up ? ORIGIN_NAME_AGE_S : -1L);
        set_time_limit(transfer, now_us);
        return 0;
}

static void note_sent(Transfer *transfer) {
        long bytes = 0;

        curl_easy_getinfo(transfer->easy, CURLINFO_REQUEST_SIZE, &bytes);
        if (transfer->run.asked && bytes > 0)
                transfer->run.response.sent = true;
}

/* Whether a kept connection died under a request: nothing at all has come back. */
static bool died(const TransferRun *run, CURLcode code) {
        if (run->dead)
                return true;
        if (run->verdict != HTTP_ANSWERED || run->hop != HOP_ASKED || !run->reused)
                return false;

        return code == CURLE_GOT_NOTHING || code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR;
}

/* Makes the one silent repeat ready, within the same time limit; false where it must not or cannot be. */
static bool prepare_repeat(Transfer *transfer) {
        TransferRun *run = &transfer->run;
        uint64_t now_us = time_now_us();

        if (!run->idempotent || run->repeated || now_us >= run->deadline_us)
                return false;

        run->repeated = true;
        run->dead = run->new_connection = run->opened = run->denied = run->starved = false;
        run->hop = HOP_CONNECT;
        run->response.status = 0;
        run->reason = NULL;
        transfer->error[0] = '\0';

        curl_easy_setopt(transfer->easy, CURLOPT_FRESH_CONNECT, 1L);
        set_time_limit(transfer, now_us);
        return true;
}

/*
 * Whether it failed for what this process lacks. A socket that could not be had is known; lookups of names and
 * the reading of certificates only fail, so for them it is tried whether there is a descriptor.
 */
static bool starved(const TransferRun *run, CURLcode code) {
        if (run->response.sent && !run->idempotent)
                return false; /* a redirect's second hop: all of it may not be repeated */

        switch (run->verdict == HTTP_ANSWERED ? code : CURLE_OK) {
        case CURLE_COULDNT_CONNECT:
                return run->starved || !descriptors_left();
        case CURLE_OUT_OF_MEMORY:
                return run->hop ==
                       HOP_CONNECT; /* later a header line above curl's bound says so, too, for ever */
        case CURLE_COULDNT_RESOLVE_PROXY:
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_FAILED_INIT:
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_SSL_CACERT_BADFILE:
                return !descriptors_left();
        default:
                return false;
        }
}

static void judge(Transfer *transfer, CURLcode code) {
        TransferRun *run = &transfer->run;

        if (run->dead)
                hop_refuse(run, HTTP_CONNECT, "a kept connection was closed before an answer came");
        else if (run->verdict == HTTP_ANSWERED && code == CURLE_COULDNT_CONNECT && run->denied &&
                 !run->opened)
                hop_refuse(run, HTTP_DENIED_ADDRESS, "the address is denied");

        if (run->verdict == HTTP_ANSWERED)
                run->response.result = response_result(code, run->hop, transfer->error);
        if (run->verdict == HTTP_ANSWERED && run->response.result == HTTP_ANSWERED)
                content_end(run);
        if (run->verdict != HTTP_ANSWERED)
                run->response.result = run->verdict;

        if (run->response.result == HTTP_ANSWERED)
                return;

        response_clean_text(transfer->error);
        if (!run->reason && code == CURLE_OK)
                run->reason = "closed before the whole answer was there";
        if (!run->reason)
                run->reason = transfer->error[0] ? transfer->error : curl_easy_strerror(code);
        run->response.error = run->reason;
}

int transfer_conclude(Transfer *transfer, CURLcode code) {
        TransferRun *run = &transfer->run;
        long header_bytes = 0;

        hop_end_lookup(transfer, false);
        note_sent(transfer);
        if (died(run, code) && prepare_repeat(transfer))
                return TRANSFER_E_AGAIN;

        judge(transfer, code);
        run->response.starved = starved(run, code);
        response_times(&run->response, transfer->easy);
        run->response.total_us = time_now_us() - run->started_us;
        response_wishes(&run->response, transfer->easy);
        run->response.body = run->body;

        /* A header line that was cut off may have left up to 100 KiB in the handle, uncounted. */
        curl_easy_getinfo(transfer->easy, CURLINFO_HEADER_SIZE, &header_bytes);
        run->large = run->large || header_bytes > POOLED_BYTES ||
                     (run->hop != HOP_CONNECT && run->hop != HOP_BODY);
        return 0;
}

void transfer_fail(Transfer *transfer, const char *reason) {
        transfer->run.idempotent = false; /* no repeat */
        hop_refuse(&transfer->run, HTTP_CONNECT, reason);
        (void)transfer_conclude(transfer, CURLE_ABORTED_BY_CALLBACK);
}

bool transfer_reset(Transfer *transfer) {
        bool large = transfer->run.large;

        hop_end_lookup(transfer, false);
        if (transfer->easy)
                request_forget(transfer->easy);
        curl_slist_free_all(TAKE_PTR(transfer->headers));
        free(transfer->run.body);
        decoder_free(transfer->run.decoder);
        transfer->run = (TransferRun) {};

        return !large;
}

char *http_response_take_body(const HttpResponse *response) {
        TransferRun *run = (TransferRun *)(uintptr_t)response; /* its first member */

        return TAKE_PTR(run->body);
}
