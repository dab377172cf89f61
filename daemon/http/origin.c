/* Origins as the engine keeps them. */

#include "daemon/http/origin.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <string.h>

#include "common/timeutil.h"
#include "daemon/http/proxy.h"

#define URL_HINT "http:// or https://, a host, and no user or password, such as https://api.example.com/v1"

typedef struct UrlParts UrlParts;

struct UrlParts {
        char *scheme;
        char *host; /* lower case; an IPv6 address in brackets */
        char *port; /* NULL: the scheme's own */
};

static void url_parts_deinit(UrlParts *parts) {
        curl_free(parts->scheme);
        curl_free(parts->host);
        curl_free(parts->port);
}

static int compare_names(const void *a, const void *b) {
        return strcmp(((const HttpOrigin *)a)->name, ((const HttpOrigin *)b)->name);
}

/* FNV-1a: the names of one API's hosts differ in few characters. */
static uint32_t hash_name(const char *name) {
        uint32_t hash = 2166136261;

        for (; *name; name++)
                hash = (hash ^ (unsigned char)*name) * 16777619;

        return hash;
}

static bool host_is_literal(const char *host) {
        struct in_addr ignored;

        return host[0] == '[' || inet_pton(AF_INET, host, &ignored) == 1;
}

static bool scheme_is_http(const char *scheme) {
        return !strcmp(scheme, "http") || !strcmp(scheme, "https");
}

/* curl takes one to three slashes for two, which would be guessing. */
static bool has_two_slashes(const char *url, const char *scheme) {
        const char *rest = url + strlen(scheme);

        return !strncmp(rest, "://", 3) && rest[3] != '/';
}

static CURLUcode get_parts(CURLU *parser, const char *url, unsigned flags, UrlParts *parts) {
        CURLUcode code;

        curl_url_set(parser, CURLUPART_URL, NULL, 0); /* or what is no URL counts as relative to the last */
        code = curl_url_set(parser, CURLUPART_URL, url, flags);
        if (!code)
                code = curl_url_get(parser, CURLUPART_SCHEME, &parts->scheme, 0);
        if (!code)
                code = curl_url_get(parser, CURLUPART_HOST, &parts->host, 0);
        if (!code)
                code = curl_url_get(parser, CURLUPART_PORT, &parts->port, CURLU_NO_DEFAULT_PORT);

        if (code && code != CURLUE_NO_PORT)
                return code;

        for (char *p = parts->host; *p; p++)
                *p = (char)tolower((unsigned char)*p);

        return CURLUE_OK;
}

static int refuse(UserError *error, const char *why) {
        (void)user_error_set(error, NULL, URL_HINT, "the URL is not usable: %s", why);

        return ENGINE_E_BAD_URL;
}

/* Returns 0, ENGINE_E_BAD_URL with @error filled, or -ENOMEM. @parts are the caller's in any case. */
static int parse(CURLU *parser, const char *url, UrlParts *parts, UserError *error) {
        CURLUcode code = get_parts(parser, url, CURLU_DISALLOW_USER, parts);

        if (code == CURLUE_OUT_OF_MEMORY)
                return -ENOMEM;
        if (code == CURLUE_USER_NOT_ALLOWED)
                return refuse(error, "it has a user or password inside");
        if (code)
                return refuse(error, curl_url_strerror(code));
        if (!scheme_is_http(parts->scheme))
                return refuse(error, "its scheme is neither http nor https");
        if (!has_two_slashes(url, parts->scheme))
                return refuse(error, "two slashes and a host must follow the scheme");
        if (parts->port && !strcmp(parts->port, "0"))
                return refuse(error, "its port is 0");

        return 0;
}

static char *format_name(const UrlParts *parts) {
        char *name;

        if (asprintf(&name, "%s://%s%s%s", parts->scheme, parts->host, parts->port ? ":" : "",
                    parts->port ? parts->port : "") < 0)
                return NULL;

        return name;
}

static HttpOrigin *origin_free(HttpOrigin *origin) {
        if (!origin)
                return NULL;

        free(origin->taken);
        free(origin->name);
        free(origin);
        return NULL;
}

DEFINE_FREEP(HttpOrigin, origin);

static void free_node(void *origin) {
        origin_free(origin);
}

/* @name: taken over, also where it fails. */
static HttpOrigin *origin_new(OriginTable *table, char *name, bool literal) {
        _cleanup_(origin_freep) HttpOrigin *origin = calloc(1, sizeof(*origin));

        if (!origin) {
                free(name);
                return NULL;
        }

        origin->table = table;
        origin->name = name;
        origin->hash = hash_name(name);
        origin->own.literal = literal;
        origin->lookup = table->proxied ? &table->proxy : &origin->own;
        TAILQ_INIT(&origin->watches);
        if (!tsearch(origin, &table->tree, compare_names))
                return NULL;

        return TAKE_PTR(origin);
}

static uint32_t *count_of(OriginTable *table, const OriginList *list) {
        return list == &table->closed ? &table->n_closed : &table->n_unheld;
}

static void leave_list(HttpOrigin *origin) {
        OriginList *list = TAKE_PTR(origin->unheld_in);

        TAILQ_REMOVE(list, origin, unheld);
        --*count_of(origin->table, list);
}

static void forget(HttpOrigin *origin) {
        leave_list(origin);
        tdelete(origin, &origin->table->tree, compare_names);
        origin_free(origin);
}

static void enter_list(HttpOrigin *origin, OriginList *list, uint32_t most) {
        uint32_t *count = count_of(origin->table, list);

        origin->unheld_in = list;
        TAILQ_INSERT_TAIL(list, origin, unheld);
        if (++*count > most)
                forget(TAILQ_FIRST(list));
}

HttpOrigin *origin_ref(HttpOrigin *origin) {
        if (origin->refs++ == 0)
                leave_list(origin);

        return origin;
}

HttpOrigin *http_origin_unref(HttpOrigin *origin) {
        OriginTable *table;

        if (!origin || --origin->refs > 0)
                return NULL;

        table = origin->table;
        if (origin_pace_closed(&origin->pace, time_now_us()))
                enter_list(origin, &table->closed, ORIGIN_CLOSED_MAX);
        else
                enter_list(origin, &table->unheld, ORIGIN_UNHELD_MAX);

        return NULL;
}

const char *http_origin_name(const HttpOrigin *origin) {
        return origin->name;
}

/* @name: taken over. */
static HttpOrigin *find_or_add(OriginTable *table, char *name, bool literal) {
        HttpOrigin wanted = { .name = name }, *origin;
        void *node = tfind(&wanted, &table->tree, compare_names);

        if (node) {
                free(name);
                return origin_ref(*(HttpOrigin **)node);
        }

        origin = origin_new(table, name, literal);
        if (origin)
                origin->refs = 1;

        return origin;
}

int origin_table_find(OriginTable *table, const char *url, HttpOrigin **ret_origin, UserError *error) {
        _cleanup_(url_parts_deinit) UrlParts parts = {};
        HttpOrigin *origin;
        char *name;
        int r;

        r = parse(table->parser, url, &parts, error);
        if (r)
                return r;

        name = format_name(&parts);
        origin = name ? find_or_add(table, name, host_is_literal(parts.host)) : NULL;
        if (!origin)
                return -ENOMEM;

        *ret_origin = origin;
        return 0;
}

bool origin_is_of(HttpOrigin *origin, const char *url) {
        _cleanup_(url_parts_deinit) UrlParts parts = {};
        _cleanup_free_ char *name = NULL;

        /* A user inside does not make it another origin, and a redirect may carry one. */
        if (get_parts(origin->table->parser, url, 0, &parts))
                return false;

        name = format_name(&parts);
        return name && !strcmp(name, origin->name);
}

static int grow_slots(HttpOrigin *origin) {
        uint32_t n_words = origin->n_taken_words ? origin->n_taken_words * 2 : 1;
        uint64_t *taken = reallocarray(origin->taken, n_words, sizeof(*taken));

        if (!taken)
                return -ENOMEM;

        memset(taken + origin->n_taken_words, 0, (n_words - origin->n_taken_words) * sizeof(*taken));
        origin->taken = taken;
        origin->n_taken_words = n_words;
        return 0;
}

int origin_take_slot(HttpOrigin *origin, uint32_t *ret_slot) {
        uint32_t word = origin->first_free_word;
        unsigned bit;
        int r;

        while (word < origin->n_taken_words && origin->taken[word] == UINT64_MAX)
                word++;

        if (word == origin->n_taken_words) {
                r = grow_slots(origin);
                if (r)
                        return error_trace(r);
        }

        bit = (unsigned)__builtin_ctzll(~origin->taken[word]);
        origin->taken[word] |= UINT64_C(1) << bit;
        origin->first_free_word = word;
        *ret_slot = word * 64 + bit;
        return 0;
}

void origin_give_slot(HttpOrigin *origin, uint32_t slot) {
        uint32_t word = slot / 64;

        origin->taken[word] &= ~(UINT64_C(1) << (slot % 64));
        if (word < origin->first_free_word)
                origin->first_free_word = word;
}

bool http_origin_ready(const HttpOrigin *origin) {
        const OriginName *lookup = origin->lookup;

        if (lookup->literal)
                return true;

        return !lookup->under_way && (lookup->known_us > 0 || origin->table->n_lookups < ORIGIN_LOOKUPS_MAX);
}

bool origin_begin_lookup(HttpOrigin *origin, uint64_t now_us) {
        OriginName *lookup = origin->lookup;
        OriginTable *table = origin->table;

        if (lookup->literal || lookup->under_way)
                return false;
        /* What is merely old can wait for its turn: the cached address still serves. */
        if (lookup->known_us > 0 &&
                (now_us - lookup->known_us < ORIGIN_NAME_AGE_US || table->n_lookups >= ORIGIN_LOOKUPS_MAX))
                return false;

        lookup->under_way = true;
        table->n_lookups++;
        return true;
}

void origin_end_lookup(HttpOrigin *origin, uint64_t found_us) {
        origin->lookup->under_way = false;
        origin->table->n_lookups--;
        if (found_us > 0)
                origin->lookup->known_us = found_us;

        origin_changed(origin);
        if (origin->table->lookup_ended)
                origin->table->lookup_ended(origin->table->userdata);
}

void origin_changed(HttpOrigin *origin) {
        HttpOriginWatch *watch, *next;

        for (watch = TAILQ_FIRST(&origin->watches); watch; watch = next) {
                next = TAILQ_NEXT(watch, entry);
                watch->changed(watch);
        }
}

int origin_table_init(OriginTable *table, const char *proxy) {
        _cleanup_(user_error_deinit) UserError ignored = {}; /* settings_check() has told it */
        int r;

        *table = (OriginTable) { .parser = curl_url() };
        TAILQ_INIT(&table->unheld);
        TAILQ_INIT(&table->closed);
        if (!table->parser)
                return -ENOMEM;

        table->proxied = proxy;
        r = proxy ? proxy_parse(proxy, &table->proxy.literal, &ignored) : 0;
        if (r)
                curl_url_cleanup(table->parser);

        return error_trace(r);
}

void origin_table_deinit(OriginTable *table) {
        tdestroy(table->tree, free_node);
        curl_url_cleanup(table->parser);
}
