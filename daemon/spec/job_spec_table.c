/* The keys of a job file: one row each, and the rules that a row's type does not say. */

#include <stddef.h>
#include <string.h>

#include "daemon/spec/job_spec.h"

#define ALPHANUMERIC "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

#define NAME_MAX_BYTES 64
#define ID_HEX_DIGITS 24 /* of an ObjectId */
#define COLLECTION_MAX_BYTES 120
#define FIELD_MAX_BYTES 120
#define RATE_MIN (1.0 / 86400) /* one a day: less than that is a mistake, and no clock counts so far */

const char *const job_spec_methods[] = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", NULL };

static const char *const parses[] = { [RESULT_PARSE_JSON] = "json", [RESULT_PARSE_TEXT] = "text", NULL };

static int check_name(const char *text, UserError *error) {
        size_t len = strlen(text);

        if (len == 0 || len > NAME_MAX_BYTES || strspn(text, ALPHANUMERIC "._-") != len ||
                strchr(".-", *text))
                return user_error_set(error, NULL,
                        "write 1 to 64 letters, digits, dots, dashes and underlines, no dot or dash in front",
                        "\"%.80s\" cannot be the name of a job", text);

        if (len == ID_HEX_DIGITS && strspn(text, "0123456789abcdefABCDEF") == len)
                return user_error_set(
                        error, NULL, "write another name", "\"%s\" looks like the id of a job", text);

        return 0;
}

/* Not iscntrl(), which asks the locale about the bytes of UTF-8. */
static bool has_control(const char *text) {
        for (; *text; text++)
                if ((unsigned char)*text < ' ' || *text == '\x7f')
                        return true;

        return false;
}

static int check_collection(const char *text, UserError *error) {
        size_t len = strlen(text), database_len = strcspn(text, ".");
        const char *collection = text + database_len + 1;

        if (database_len == len || database_len == 0 || text[len - 1] == '.' || strstr(text, "..") ||
                len > COLLECTION_MAX_BYTES || strchr(text, '$') || has_control(text) ||
                strcspn(text, "/\\ \"") < database_len)
                return user_error_set(error, NULL, "write DB.COLL, such as test.samples",
                        "\"%.130s\" does not name a collection", text);

        if (strcmp(collection, "reqd_jobs") == 0)
                return user_error_set(
                        error, NULL, "name another collection", "reqd keeps its own jobs there");

        return 0;
}

static int check_field(const char *text, UserError *error) {
        size_t len = strlen(text);

        if (len == 0 || len > FIELD_MAX_BYTES || strchr(text, '.') || *text == '$' || has_control(text) ||
                strcmp(text, "_id") == 0)
                return user_error_set(error, NULL, "write a top-level name: no dot, no $ in front, not _id",
                        "\"%.130s\" cannot be a field for results", text);

        return 0;
}

/* As far as the text goes without a variable, it is @prefix. */
static bool begins_like(const char *text, const char *prefix) {
        size_t literal = strcspn(text, "{"), len = strlen(prefix);

        return strncasecmp(text, prefix, literal < len ? literal : len) == 0 &&
               (literal >= len || text[literal] == '{');
}

static int check_url(const char *text, UserError *error) {
        if (!*text)
                return user_error_set(
                        error, NULL, "write {+url}, or https://api.example.com/{id}", "the URL is empty");

        /* What stands before the first variable is the same for all documents: wrong for one is wrong for all. */
        if (*text != '{' && !begins_like(text, "http://") && !begins_like(text, "https://"))
                return user_error_set(error, NULL, "write http:// or https:// in front",
                        "\"%.130s\" does not begin with a scheme that reqd speaks", text);

        return 0;
}

static int check_status(const char *text, UserError *error) {
        StatusSet set = {};

        if (status_set_add(&set, text))
                return user_error_set(error, NULL, "write 2xx, or 100 to 599",
                        "\"%.60s\" is neither a status nor a class of them", text);

        return 0;
}

static int check_retry_on(const char *text, UserError *error) {
        char *item = (char *)text;
        StringList items = { .items = &item, .n = 1 };
        RetryOn on;

        if (retry_on_parse(&items, &on))
                return user_error_set(error, NULL, "write 429, 5xx, timeout, connect, dns, tls or protocol",
                        "\"%.60s\" is nothing that can be retried", text);

        return 0;
}

static int check_parse(const char *text, UserError *error) {
        if (strcasecmp(text, "binary") == 0)
                return user_error_set(error, NULL, "write json or text", "binary is not supported yet");

        return 0;
}

static int check_concurrency(const char *text, UserError *error) {
        if (strcmp(text, "auto") == 0)
                return user_error_set(error, NULL, "write a number", "auto is not supported yet");

        return 0;
}

static int check_rate(const char *text, UserError *error) {
        double per_second;
        int r;

        r = rate_parse(text, &per_second, error);
        if (r)
                return r;

        if (per_second > 0 && per_second < RATE_MIN)
                return user_error_set(error, NULL, "write at least 1/h, or none", "%.60s is too small", text);

        return 0;
}

#define SECOND UINT64_C(1000000)
#define HOUR (3600 * SECOND)
#define PLACE(_member) offsetof(JobSpec, _member)

const Option job_spec_options[] = {
        { "name", OPTION_STRING, PLACE(name), .check = check_name, .arg = "NAME",
                .help = "what the job is called (default: the collection's name)" },
        { "collection", OPTION_STRING, PLACE(collection), .check = check_collection, .flag = "--collection",
                .arg = "DB.COLL", .help = "the documents to make requests from" },
        { "filter", OPTION_JSON, PLACE(filter), .none = true, .flag = "--filter", .arg = "JSON",
                .help = "only documents that match this MongoDB filter" },

        { "request.method", OPTION_CHOICE, PLACE(request.method), .fallback = "GET",
                .choices = job_spec_methods, .flag = "--method", .arg = "METHOD", .help = "the HTTP method" },
        { "request.url", OPTION_STRING, PLACE(request.url), .fallback = "{+url}", .check = check_url,
                .flag = "--url", .arg = "TEMPLATE", .help = "where to send a document's request" },
        { "request.query", OPTION_MAP, PLACE(request.query), .flag = "--query", .arg = "K=V",
                .help = "a parameter added to the URL" },
        { "request.headers", OPTION_MAP, PLACE(request.headers), .flag = "--header", .arg = "'K: V'",
                .help = "a header of the request" },
        { "request.json", OPTION_JSON, .later = true, .flag = "--json-body", .arg = "JSON",
                .help = "a JSON body" },
        { "request.body", OPTION_STRING, .later = true, .flag = "--body", .arg = "TEXT", .help = "a body" },
        { "request.form", OPTION_MAP, .later = true, .flag = "--form", .arg = "K=V",
                .help = "a field of a form as the body" },
        { "request.timeout", OPTION_DURATION, PLACE(request.timeout_us), .fallback = "30s", .min = 1000,
                .max = HOUR, .live = true, .flag = "--timeout", .arg = "TIME",
                .help = "the most that one attempt may take, redirects included" },
        { "request.redirects", OPTION_COUNT, PLACE(request.redirects), .fallback = "5", .max = 50,
                .flag = "--redirects", .arg = "N", .help = "redirects to follow at most; 0: none" },
        { "request.http", OPTION_STRING, .fallback = "1.1", .later = true, .help = "the version of HTTP" },

        { "expect.status", OPTION_LIST, PLACE(expect.status), .fallback = "2xx", .check = check_status,
                .flag = "--expect-status", .arg = "STATUS",
                .help = "statuses that are ok, such as 2xx or 404" },
        { "expect.match", OPTION_LIST, .later = true, .help = "what a body must say to be ok" },

        { "result.field", OPTION_STRING, PLACE(result.field), .fallback = "response", .check = check_field,
                .flag = "--field", .arg = "NAME", .help = "the document's field for the body" },
        { "result.meta", OPTION_STRING, PLACE(result.meta), .fallback = "reqd", .check = check_field,
                .flag = "--meta", .arg = "NAME", .help = "the document's field for everything else" },
        { "result.into", OPTION_STRING, .later = true, .flag = "--into", .arg = "DB.COLL",
                .help = "another collection for the results" },
        { "result.parse", OPTION_CHOICE, PLACE(result.parse), .fallback = "json", .choices = parses,
                .check = check_parse, .flag = "--parse", .arg = "KIND",
                .help = "what a body is: json or text" },
        { "result.select", OPTION_LIST, .later = true, .flag = "--select", .arg = "PATH",
                .help = "the part of a body to keep" },
        { "result.max_bytes", OPTION_SIZE, PLACE(result.max_bytes), .fallback = "1MiB", .min = 1,
                .max = UINT64_C(16) << 20, .flag = "--max-bytes", .arg = "SIZE",
                .help = "the largest body, decoded" },

        { "pace.concurrency", OPTION_COUNT, PLACE(pace.concurrency), .fallback = "100", .min = 1,
                .max = 100000, .live = true, .check = check_concurrency, .flag = "--concurrency",
                .shorthand = 'n', .arg = "N", .help = "requests in flight at once" },
        { "pace.rate", OPTION_RATE, PLACE(pace.rate), .max = 1000000, .live = true, .none = true,
                .zero = true, .check = check_rate, .flag = "--rate", .arg = "RATE",
                .help = "requests started a second at most, such as 50/s or 3000/min" },
        { "pace.per_host", OPTION_COUNT, .live = true, .later = true, .flag = "--per-host", .arg = "N",
                .help = "requests in flight to one host at once" },

        { "retry.attempts", OPTION_COUNT, PLACE(retry.attempts), .fallback = "5", .min = 1, .max = 100,
                .live = true, .flag = "--attempts", .arg = "N",
                .help = "requests for one document at most; 1: nothing is retried" },
        { "retry.backoff", OPTION_DURATION, PLACE(retry.backoff_us), .fallback = "1s", .min = 1000,
                .max = HOUR, .flag = "--backoff", .arg = "TIME",
                .help = "the longest wait before the second attempt; each further one may be twice as long" },
        { "retry.max_backoff", OPTION_DURATION, PLACE(retry.max_backoff_us), .fallback = "60s", .min = 1000,
                .max = HOUR, .flag = "--max-backoff", .arg = "TIME",
                .help = "the longest wait before any attempt" },
        { "retry.on", OPTION_LIST, PLACE(retry.on), .check = check_retry_on, .flag = "--retry-on",
                .arg = "WHAT",
                .help = "what is retried (default: 408 425 429 5xx timeout connect dns); tls, protocol as "
                        "well" },

        { "stop.limit", OPTION_COUNT, PLACE(stop.limit), .min = 1, .live = true, .none = true,
                .flag = "--limit", .arg = "N", .help = "documents to start before the job pauses" },
        { "stop.failures", OPTION_SHARE, PLACE(stop.failures), .live = true, .none = true,
                .flag = "--failures", .arg = "N or 5%",
                .help = "failed documents at which the job pauses: a number, or a share once 100 have "
                        "ended" },
        {},
};
