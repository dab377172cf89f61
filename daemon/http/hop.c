/* What is checked and noted while curl carries a transfer through its hops. */

#include "daemon/http/hop.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "common/timeutil.h"
#include "daemon/http/request.h"
#include "daemon/http/target.h"
#include "daemon/system/descriptors.h"

#define PRUNE_INTERVAL_US (30 * USEC_PER_SEC)

int hop_refuse(TransferRun *run, HttpResult verdict, const char *reason) {
        run->verdict = verdict;
        run->reason = reason;

        return -1;
}

void hop_end_lookup(Transfer *transfer, bool found) {
        uint64_t now_us;

        if (!transfer->run.looking_up)
                return;

        now_us = time_now_us();
        transfer->run.looking_up = false;
        origin_end_lookup(transfer->origin, found ? now_us : 0);

        /* At the end of a transfer that has a cache timeout, curl walks the whole DNS cache for old names. */
        if (now_us - transfer->setup->prune_us < PRUNE_INTERVAL_US)
                curl_easy_setopt(transfer->easy, CURLOPT_DNS_CACHE_TIMEOUT, -1L);
        else
                transfer->setup->prune_us = now_us;
}

/* Judges a hop by its URL, before anything is sent. Returns 0, or -1 with the verdict set. */
static int check_hop(Transfer *transfer) {
        const TransferSetup *setup = transfer->setup;
        TransferRun *run = &transfer->run;
        const char *url = NULL;
        long redirects = 0;

        if (!run->same_origin && !setup->proxy)
                return 0;

        curl_easy_getinfo(transfer->easy, CURLINFO_EFFECTIVE_URL, &url);
        curl_easy_getinfo(transfer->easy, CURLINFO_REDIRECT_COUNT, &redirects);

        /* curl itself keeps back Authorization and Cookie only, not an X-Api-Key. */
        if (run->same_origin && redirects > 0 && !origin_is_of(transfer->origin, url))
                return hop_refuse(
                        run, HTTP_REDIRECT, "redirected to another origin, which must not see this request");
        if (setup->proxy && target_denied(setup->egress, url))
                return hop_refuse(run, HTTP_DENIED_ADDRESS, "the address is denied");

        return 0;
}

/*
 * Sees every address before a packet goes there, redirects' too. curl reports a refusal as "could not
 * connect" like any other, hence `denied`.
 */
static curl_socket_t on_open_socket(void *userdata, curlsocktype purpose, struct curl_sockaddr *address) {
        Transfer *transfer = userdata;
        TransferRun *run = &transfer->run;
        int fd;

        hop_end_lookup(transfer, true);
        run->new_connection = true;

        if (check_hop(transfer))
                return CURL_SOCKET_BAD;
        if (!transfer->setup->proxy && !egress_allows(transfer->setup->egress, &address->addr)) {
                run->denied = true;
                return CURL_SOCKET_BAD;
        }

        run->opened = true;
        fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
        if (fd < 0) {
                run->starved = descriptors_short(errno);
                run->reason = strerrordesc_np(errno);
        }

        return fd;
}

static bool peer_denied(const Transfer *transfer, const char *peer) {
        struct sockaddr_in ipv4 = { .sin_family = AF_INET };
        struct sockaddr_in6 ipv6 = { .sin6_family = AF_INET6 };
        const Egress *egress = transfer->setup->egress;

        if (transfer->setup->proxy)
                return false; /* the peer is the proxy, which whoever named it allowed */
        if (inet_pton(AF_INET, peer, &ipv4.sin_addr) == 1)
                return !egress_allows(egress, (struct sockaddr *)&ipv4);

        return inet_pton(AF_INET6, peer, &ipv6.sin6_addr) != 1 ||
               !egress_allows(egress, (struct sockaddr *)&ipv6);
}

/*
 * A second request with nothing heard of the first is curl repeating by itself, up to five times and whatever
 * the method. It may do so once, on a new connection, if that cannot have an effect twice.
 */
static int check_repeat(TransferRun *run) {
        if (run->hop != HOP_ASKED)
                return 0;

        run->dead = !run->idempotent || run->repeated || run->reused;
        run->repeated = run->repeated || !run->dead;

        return run->dead ? -1 : 0;
}

/* Sees every request before it is sent: those over kept connections never come through on_open_socket(). */
static int on_request(void *userdata, char *peer, char *local, int peer_port, int local_port) {
        Transfer *transfer = userdata;
        TransferRun *run = &transfer->run;

        run->reused = !run->new_connection;
        run->new_connection = run->opened = run->denied = run->starved = false;
        run->reason = NULL;

        if (check_repeat(run) || check_hop(transfer))
                return CURL_PREREQFUNC_ABORT;
        if (peer_denied(transfer, peer)) {
                hop_refuse(run, HTTP_DENIED_ADDRESS, "the address is denied");
                return CURL_PREREQFUNC_ABORT;
        }

        if (run->response.status == 303 && run->custom_method)
                request_redirect_to_get(transfer->easy);

        run->hop = HOP_ASKED;
        run->asked = true;
        return CURL_PREREQFUNC_OK;
}

/* Returns @n, or 0 with the verdict set. */
static size_t check_line(TransferRun *run, const char *complaint, size_t n) {
        if (!complaint)
                return n;

        hop_refuse(run, HTTP_PROTOCOL, complaint);
        return 0;
}

static size_t on_header(char *line, size_t size, size_t n, void *userdata) {
        Transfer *transfer = userdata;
        TransferRun *run = &transfer->run;
        long status = 0;

        if (run->hop == HOP_HEADERS) {
                if (n > 0 && (line[0] == '\r' || line[0] == '\n'))
                        run->hop = run->response.status < 200 ? HOP_INTERIM : HOP_BODY;
                return check_line(run, framing_header(&run->framing, line, n), n);
        }
        if (run->hop == HOP_BODY)
                return check_line(run, framing_trailer(&run->framing, n), n);

        run->framing = (Framing) {};
        curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
        run->response.status = (int)status;
        run->hop = HOP_HEADERS;

        /* curl would go on to read whatever protocol it is until the time is over. */
        if (status == 101) {
                hop_refuse(run, HTTP_PROTOCOL, "the server switched protocols, which it was not asked to");
                return 0;
        }

        return n;
}

CURLcode hop_watch(Transfer *transfer) {
        CURL *easy = transfer->easy;
        CURLcode code = CURLE_OK;

#define SET(_option, _value) code = code ? code : curl_easy_setopt(easy, _option, _value)
        SET(CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
        SET(CURLOPT_OPENSOCKETDATA, transfer);
        SET(CURLOPT_PREREQFUNCTION, on_request);
        SET(CURLOPT_PREREQDATA, transfer);
        SET(CURLOPT_HEADERFUNCTION, on_header);
        SET(CURLOPT_HEADERDATA, transfer);
#undef SET

        return code;
}
