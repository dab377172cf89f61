/* What a request asks for: one table, its parser, and the decision. */

#include "tests/testapi/behaviour.h"

#include <string.h>

#define TIME_MAX_US UINT64_C(86400000000)
#define SIZE_MAX_BYTES (UINT64_C(1) << 40)

typedef enum {
        KIND_NUMBER,
        KIND_FLAG,
        KIND_STATUS,
        KIND_TIME,
        KIND_SIZE,
        KIND_PERCENT,
        KIND_CLOSE,
        KIND_TEXT,
        KIND_HEADER, /* a text that goes into a header: no line breaks */
} ParameterKind;

/* Where a parameter may stand. */
typedef enum {
        IN_QUERY,   /* of a request */
        IN_DEFAULT, /* the command line and /_set */
        IN_BOTH,
} ParameterPlace;

typedef struct {
        const char *name;
        ParameterKind kind;
        ParameterPlace place;
        size_t offset;
        const char *argument;
        const char *help;
} Parameter;

static const char *const kind_expected[] = {
        [KIND_NUMBER] = "a number",
        [KIND_FLAG] = "0 or 1",
        [KIND_STATUS] = "a status from 200 to 999, or 0 for none",
        [KIND_TIME] = "a time such as 200 (milliseconds), 200ms or 1.5s, at most a day",
        [KIND_SIZE] = "a number of bytes such as 500, 64k, 10M or 1G, at most 1024G",
        [KIND_PERCENT] = "a percentage from 0 to 100 such as 5 or 0.1",
        [KIND_CLOSE] = "before, inside, after or never",
        [KIND_TEXT] = "a text",
        [KIND_HEADER] = "a text without control characters",
};

static const char *const close_names[] = {
        [BEHAVIOUR_CLOSE_NEVER] = "never",
        [BEHAVIOUR_CLOSE_BEFORE] = "before",
        [BEHAVIOUR_CLOSE_INSIDE] = "inside",
        [BEHAVIOUR_CLOSE_AFTER] = "after",
};

static const struct {
        ParameterKind kind;
        const char *name;
        uint64_t factor;  /* from the unit to what is stored */
        uint64_t divisor; /* from thousandths to whole ones, which must leave no rest */
        uint64_t most;    /* of what is stored */
} units[] = {
        { KIND_NUMBER, "", 1, 1000, 1000000000 },
        { KIND_FLAG, "", 1, 1000, 1 },
        { KIND_STATUS, "", 1, 1000, 999 },
        { KIND_PERCENT, "", 1, 10, 10000 },
        { KIND_TIME, "", 1, 1, TIME_MAX_US },
        { KIND_TIME, "ms", 1, 1, TIME_MAX_US },
        { KIND_TIME, "s", 1000, 1, TIME_MAX_US },
        { KIND_SIZE, "", 1, 1000, SIZE_MAX_BYTES },
        { KIND_SIZE, "k", 1 << 10, 1000, SIZE_MAX_BYTES },
        { KIND_SIZE, "M", 1 << 20, 1000, SIZE_MAX_BYTES },
        { KIND_SIZE, "G", 1 << 30, 1000, SIZE_MAX_BYTES },
};

#define AT(_field) offsetof(Behaviour, _field)

static const Parameter parameters[] = {
        { "id", KIND_TEXT, IN_QUERY, AT(id), "TEXT",
                "who asks: requests are counted by it; without it the path is the id" },
        { "delay", KIND_TIME, IN_BOTH, AT(delay_us), "TIME", "answer after this time (200, 200ms, 1.5s)" },
        { "status", KIND_STATUS, IN_BOTH, AT(status), "S", "answer with this status instead of 200" },
        { "size", KIND_SIZE, IN_BOTH, AT(size), "BYTES", "pad the JSON body to this size (500, 64k, 1G)" },
        { "knee", KIND_NUMBER, IN_DEFAULT, AT(knee), "N",
                "above N in flight the delay grows by in_flight/N; above 2N: 429 at once" },
        { "flaky", KIND_NUMBER, IN_BOTH, AT(flaky), "K", "the first K requests of an id fail" },
        { "flaky_status", KIND_STATUS, IN_BOTH, AT(flaky_status), "S", "with this status instead of 503" },
        { "fail", KIND_PERCENT, IN_BOTH, AT(fail), "P",
                "P percent of the ids, always the same, get status (or 500), others 200" },
        { "retry_after", KIND_HEADER, IN_QUERY, AT(retry_after), "TEXT",
                "add Retry-After to an answer that is not 200" },
        { "header", KIND_HEADER, IN_QUERY, AT(header), "LINE",
                "add this header line to the answer, such as RateLimit-Remaining: 0" },
        { "redirect", KIND_HEADER, IN_QUERY, AT(redirect), "URL", "redirect there, with 302 or status" },
        { "hops", KIND_NUMBER, IN_QUERY, AT(hops), "K",
                "redirect K times to itself with hops=K-1, then answer" },
        { "text", KIND_TEXT, IN_QUERY, AT(text), "TEXT", "the body, as text/plain" },
        { "body", KIND_TEXT, IN_QUERY, AT(body), "TEXT", "the body, as application/json, valid or not" },
        { "echo", KIND_FLAG, IN_QUERY, AT(echo), "1",
                "the body tells method, target, headers and body of the request" },
        { "gzip", KIND_FLAG, IN_BOTH, AT(gzip), "1", "Content-Encoding: gzip, asked for or not" },
        { "bomb", KIND_SIZE, IN_QUERY, AT(bomb), "BYTES",
                "the body is gzip and decodes to this many spaces" },
        { "chunked", KIND_FLAG, IN_BOTH, AT(chunked), "1", "send the body in chunks, without a length" },
        { "drip", KIND_NUMBER, IN_BOTH, AT(drip), "N", "send the head, then N bytes of the body a second" },
        { "close", KIND_CLOSE, IN_BOTH, AT(close), "WHEN",
                "before or after the answer, or inside: reset in the middle of the body" },
        { "hang", KIND_FLAG, IN_BOTH, AT(hang), "1", "never answer" },
};

static const Parameter *parameter_find(BehaviourScope scope, Text name) {
        for (size_t i = 0; i < ELEMENTSOF(parameters); i++) {
                const Parameter *p = &parameters[i];

                if (p->place != (scope == BEHAVIOUR_DEFAULT ? IN_QUERY : IN_DEFAULT) &&
                        text_equal(text_of(p->name), name))
                        return p;
        }

        return NULL;
}

/* Takes digits with up to three decimals off the front, as thousandths. */
static bool take_thousandths(Text *text, uint64_t *ret_value) {
        uint64_t value = 0;
        unsigned decimals = 0, digits = 0;
        bool point = false;
        size_t i;

        for (i = 0; i < text->len; i++) {
                char c = text->data[i];

                if (c == '.' && !point && digits > 0) {
                        point = true;
                } else if (c >= '0' && c <= '9' && digits < 15 && decimals < 3) {
                        value = value * 10 + (uint64_t)(c - '0');
                        digits++;
                        decimals += point ? 1 : 0;
                } else {
                        break;
                }
        }

        if (digits == 0 || (point && decimals == 0))
                return false;

        for (; decimals < 3; decimals++)
                value *= 10;

        *text = (Text) { text->data + i, text->len - i };
        *ret_value = value;
        return true;
}

static bool read_close(Text text, uint64_t *ret_value) {
        for (size_t i = 0; i < ELEMENTSOF(close_names); i++)
                if (text_equal(text_of(close_names[i]), text)) {
                        *ret_value = i;
                        return true;
                }

        return false;
}

static bool read_number(ParameterKind kind, Text text, uint64_t *ret_value) {
        uint64_t value;

        if (!take_thousandths(&text, &value))
                return false;

        for (size_t i = 0; i < ELEMENTSOF(units); i++) {
                if (units[i].kind != kind || !text_equal(text_of(units[i].name), text))
                        continue;
                if (value % units[i].divisor != 0 ||
                        value / units[i].divisor > units[i].most / units[i].factor)
                        return false;

                value = value / units[i].divisor * units[i].factor;
                if (kind == KIND_STATUS && value != 0 && value < 200)
                        return false;

                *ret_value = value;
                return true;
        }

        return false;
}

static bool read_header(Text text) {
        for (size_t i = 0; i < text.len; i++)
                if ((unsigned char)text.data[i] < 0x20 || text.data[i] == 0x7F)
                        return false;

        return true;
}

int behaviour_set(Behaviour *behaviour, BehaviourScope scope, Text name, Text value) {
        const Parameter *p = parameter_find(scope, name);
        void *field;
        bool good;

        if (!p)
                return BEHAVIOUR_E_NAME;

        field = (char *)behaviour + p->offset;
        if (p->kind == KIND_TEXT || p->kind == KIND_HEADER) {
                good = p->kind == KIND_TEXT || read_header(value);
                if (good)
                        *(Text *)field = value;
        } else if (p->kind == KIND_CLOSE) {
                good = read_close(value, field);
        } else {
                good = read_number(p->kind, value, field);
        }

        return good ? 0 : BEHAVIOUR_E_VALUE;
}

/* Decodes into @room; a percent sign without two digits behind it stands for itself. */
static Text percent_decode(Text text, char *room) {
        size_t n = 0;

        for (size_t i = 0; i < text.len; i++) {
                unsigned high = 16, low = 16;

                if (text.data[i] == '%' && i + 2 < text.len) {
                        high = text_hex_digit(text.data[i + 1]);
                        low = text_hex_digit(text.data[i + 2]);
                }

                if (high < 16 && low < 16) {
                        room[n++] = (char)(high * 16 + low);
                        i += 2;
                } else {
                        room[n++] = text.data[i];
                }
        }

        return (Text) { room, n };
}

int behaviour_read(Behaviour *behaviour, BehaviourScope scope, Text query, char *room, Text *ret_wrong) {
        while (query.len > 0) {
                const char *end = memchr(query.data, '&', query.len);
                Text name = { query.data, end ? (size_t)(end - query.data) : query.len };
                const char *equals = memchr(name.data, '=', name.len);
                size_t step = name.len + (end ? 1 : 0);
                Text value = TEXT("");
                int r;

                if (equals) {
                        value.data = equals + 1;
                        value.len = name.len - (size_t)(equals + 1 - name.data);
                        name.len = (size_t)(equals - name.data);
                }

                value = percent_decode(value, room);
                room += value.len;

                r = name.len > 0 ? behaviour_set(behaviour, scope, name, value) : 0;
                if (r == BEHAVIOUR_E_VALUE || (r == BEHAVIOUR_E_NAME && scope == BEHAVIOUR_DEFAULT)) {
                        *ret_wrong = name;
                        return r;
                }

                query.data += step;
                query.len -= step;
        }

        return 0;
}

/* Hundredths of a percent of all ids, by their hash: without `fail` none. */
static bool is_failing(const Behaviour *b, uint64_t hash) {
        return hash % 10000 < b->fail;
}

/* The status before anything redirects. */
static unsigned plan_status(const Behaviour *b, uint64_t n, uint64_t hash) {
        if (is_failing(b, hash))
                return b->status ? (unsigned)b->status : 500;
        if (n <= b->flaky)
                return b->flaky_status ? (unsigned)b->flaky_status : 503;

        return b->status && b->fail == 0 ? (unsigned)b->status : 200;
}

BehaviourPlan behaviour_plan(
        const Behaviour *b, uint64_t knee, uint64_t n, uint64_t hash, uint64_t in_flight) {
        BehaviourPlan plan = { .delay_us = b->delay_us, .status = plan_status(b, n, hash) };
        bool fails = is_failing(b, hash) || n <= b->flaky;

        if (knee > 0 && in_flight > 2 * knee)
                return (BehaviourPlan) { .status = 429, .at_once = true };

        if (knee > 0 && in_flight > knee && plan.delay_us > 0) {
                plan.delay_us = plan.delay_us * in_flight / knee;
                plan.stretched = true;
        }

        if (!fails && (b->hops > 0 || b->redirect.len > 0)) {
                plan.redirects = true;
                plan.status = plan.status == 200 ? 302 : plan.status;
        }

        return plan;
}

const char *behaviour_default_name(size_t i) {
        for (size_t k = 0; k < ELEMENTSOF(parameters); k++)
                if (parameters[k].place != IN_QUERY && i-- == 0)
                        return parameters[k].name;

        return NULL;
}

const char *behaviour_expected(Text name) {
        for (size_t i = 0; i < ELEMENTSOF(parameters); i++)
                if (text_equal(text_of(parameters[i].name), name))
                        return kind_expected[parameters[i].kind];

        return "known";
}

void behaviour_add_json(Bytes *bytes, const Behaviour *behaviour) {
        const char *separator = "{";

        for (size_t i = 0; i < ELEMENTSOF(parameters); i++) {
                const Parameter *p = &parameters[i];
                uint64_t value;

                if (p->place == IN_QUERY)
                        continue;

                value = *(const uint64_t *)(const void *)((const char *)behaviour + p->offset);
                bytes_addf(bytes, "%s\"%s\": ", separator, p->name);
                if (p->kind == KIND_TIME)
                        bytes_addf(bytes, "%.15g", (double)value / 1000);
                else if (p->kind == KIND_PERCENT)
                        bytes_addf(bytes, "%.15g", (double)value / 100);
                else if (p->kind == KIND_CLOSE)
                        bytes_addf(bytes, "\"%s\"", close_names[value]);
                else
                        bytes_addf(bytes, "%llu", (unsigned long long)value);
                separator = ", ";
        }

        bytes_add(bytes, TEXT("}\n"));
}

void behaviour_help(FILE *file) {
        for (size_t i = 0; i < ELEMENTSOF(parameters); i++) {
                const Parameter *p = &parameters[i];
                int n = (int)(strlen(p->name) + strlen(p->argument));

                fprintf(file, "  %c %s=%s%*s%s\n", p->place == IN_QUERY ? ' ' : '*', p->name, p->argument,
                        n < 18 ? 18 - n : 1, "", p->help);
        }
}
