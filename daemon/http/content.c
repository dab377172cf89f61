/* The body of an answer as it comes: decoded, counted, kept up to its bound. */

#include "daemon/http/content.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/http/decoder.h"
#include "daemon/http/hop.h"

#define UNSEEN_BYTES (64 * 1024) /* what a decoder may hold back before anything comes out of it */
#define CODINGS_SIZE 256         /* of all Content-Encoding headers together */

static int keep_body(TransferRun *run, const char *bytes, size_t n) {
        size_t wanted = run->response.body_len + n, size = run->body_size * 2;
        char *body;

        if (wanted > run->body_size) {
                if (size < wanted)
                        size = wanted; /* a small body comes in one piece, and takes no more than it needs */
                if (size > run->max_bytes)
                        size = run->max_bytes;
                body = realloc(run->body, size);
                if (!body)
                        return -ENOMEM;
                run->body = body;
                run->body_size = size;
        }

        memcpy(run->body + run->response.body_len, bytes, n);
        run->response.body_len = wanted;
        return 0;
}

/* Gets decoded bytes: the Content-Length says nothing about how much a compressed body unfolds to. */
static int take_content(const char *bytes, size_t n, void *userdata) {
        TransferRun *run = userdata;
        size_t room = run->max_bytes - run->response.body_len;
        size_t kept = n < room ? n : room;

        run->response.bytes += n;

        if (kept > 0 && keep_body(run, bytes, kept))
                return -ENOMEM;

        return kept < n ? hop_refuse(run, HTTP_TOO_LARGE, "the body is larger than allowed") : 0;
}

/* Several headers of one name are one list: RFC 9110, section 5.3. */
static int read_codings(CURL *easy, char *codings, size_t size) {
        struct curl_header *header;
        size_t len = 0;

        codings[0] = '\0';
        for (size_t i = 0; !curl_easy_header(easy, "Content-Encoding", i, CURLH_HEADER, -1, &header); i++) {
                int n = snprintf(codings + len, size - len, "%s%s", len > 0 ? ", " : "", header->value);

                if (n < 0 || (size_t)n >= size - len)
                        return DECODER_E_UNKNOWN;
                len += (size_t)n;
        }

        return 0;
}

/* Once a body, when its first bytes are there. */
static int begin(Transfer *transfer) {
        char codings[CODINGS_SIZE];
        int r;

        if (transfer->run.content_begun)
                return 0;

        transfer->run.content_begun = true;
        r = read_codings(transfer->easy, codings, sizeof(codings));

        return r ? r : decoder_new(codings, &transfer->run.decoder);
}

static size_t on_body(char *bytes, size_t size, size_t n, void *userdata) {
        Transfer *transfer = userdata;
        TransferRun *run = &transfer->run;
        int r = begin(transfer);

        if (r == DECODER_E_UNKNOWN) {
                hop_refuse(run, HTTP_BAD_ENCODING, "its Content-Encoding is none of " DECODER_CODINGS);
                return 0;
        }

        if (!r)
                r = run->decoder ? decoder_feed(run->decoder, bytes, n, take_content, run)
                                 : take_content(bytes, n, run);
        if (r == DECODER_E_BROKEN)
                hop_refuse(run, HTTP_BAD_ENCODING, "the body is not what its Content-Encoding says");
        else if (r == -ENOMEM)
                hop_refuse(run, HTTP_CONNECT, "no memory for the body");

        return r ? 0 : n;
}

/* on_body() never sees the body of a redirect that is followed, and the bound is on what is content. */
static int on_progress(
        void *userdata, curl_off_t expected, curl_off_t came, curl_off_t to_send, curl_off_t sent) {
        TransferRun *run = &((Transfer *)userdata)->run;

        if (run->response.bytes > 0 || came < UNSEEN_BYTES || (uint64_t)came - UNSEEN_BYTES <= run->max_bytes)
                return 0;

        if (run->follows && run->response.status / 100 == 3)
                run->response.status = 0; /* that of no answer */

        return hop_refuse(
                run, HTTP_TOO_LARGE, "the body is larger than allowed, and nothing of it is content");
}

CURLcode content_watch(Transfer *transfer) {
        CURL *easy = transfer->easy;
        CURLcode code = CURLE_OK;

#define SET(_option, _value) code = code ? code : curl_easy_setopt(easy, _option, _value)
        SET(CURLOPT_ACCEPT_ENCODING, DECODER_CODINGS);
        SET(CURLOPT_HTTP_CONTENT_DECODING, 0L); /* curl's own takes what is cut short for whole */
        SET(CURLOPT_WRITEFUNCTION, on_body);
        SET(CURLOPT_WRITEDATA, transfer);
        SET(CURLOPT_XFERINFOFUNCTION, on_progress);
        SET(CURLOPT_XFERINFODATA, transfer);
        SET(CURLOPT_NOPROGRESS, 0L);
#undef SET

        return code;
}

void content_end(TransferRun *run) {
        if (run->decoder && !decoder_ended(run->decoder))
                hop_refuse(run, HTTP_BAD_ENCODING, "the encoded body is cut short");
}
