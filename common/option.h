#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/alloc.h"
#include "common/error.h"
#include "common/json.h"

/*
 * Tables of settings: one row says a setting's name, type, place in its struct, bounds, default, flag and
 * help, and everything else falls out of it: reading from JSON, from an INI file, from a flag, from
 * `reqctl set`; validation and its error texts; writing; help.
 *
 * A settings struct starts zeroed, is filled by option_set_defaults(), and is emptied by
 * options_deinit(). Strings and lists in it belong to it. Any thread, one at a time for each struct.
 */

typedef struct CountOrShare CountOrShare;
typedef struct Option Option;
typedef struct StringList StringList;

typedef enum OptionType {
        OPTION_STRING,   /* char * */
        OPTION_COUNT,    /* uint64_t; a whole number */
        OPTION_SIZE,     /* uint64_t, bytes; "64KiB", "1MiB", 4096 */
        OPTION_DURATION, /* uint64_t, microseconds; "200ms", "30s", "5m", "2h", "1d", 1.5 (seconds) */
        OPTION_RATE,     /* double, a second; "50/s", "3000/min", "100/h", "none" (0) */
        OPTION_SHARE,    /* CountOrShare; 1000, "5%", "0.5%", "none" */
        OPTION_BOOL,     /* bool */
        OPTION_CHOICE,   /* uint64_t, the index in `choices` */
        OPTION_LIST,     /* StringList; JSON: an array of strings or numbers, or one of them */
        OPTION_MAP,      /* StringList, see string_map_value(); JSON: an object of scalars, kept as text */
        OPTION_JSON,     /* char *, an object as JSON text */
} OptionType;

/* So many of something, or so many percent of it; both 0: none. */
struct CountOrShare {
        uint64_t count;
        double percent;
};

struct StringList {
        char **items; /* NULL-terminated, or NULL when empty */
        size_t n;
};

struct Option {
        /* "pace.rate", "Limits.MaxInFlight"; one dot at most, and the rows of one group side by side. */
        const char *path;
        OptionType type;
        size_t offset;
        const char *fallback;       /* the default as text; NULL: zero, empty, absent */
        uint64_t min, max;          /* bounds for the numeric types in their unit; max 0: none */
        const char *const *choices; /* OPTION_CHOICE, NULL-terminated */
        /*
         * May change while it is in use: a job's by `reqctl set`, its key being the flag without dashes, the
         * daemon's by a reload.
         */
        bool live;
        bool later;       /* the name is known, its meaning comes in a later version; it has no place */
        bool none;        /* "none" and null are allowed and mean 0 or absent */
        bool zero;        /* 0 itself is not a value (a concurrency); refused though min is 0 */
        const char *flag; /* "--rate"; NULL: none */
        char shorthand;   /* 'n' for -n; 0: none */
        const char *arg;  /* what help calls its value: "N", "50/s", "K=V" */
        const char *help;
        /*
         * An extra rule on the value's text form, asked before any other; for lists on each item. Returns 0,
         * or -EINVAL with message and hint of @error filled. NULL: none. Not for OPTION_MAP.
         */
        int (*check)(const char *text, UserError *error);
};

/* Tables end with a row whose path is NULL. */
const Option *option_find(const Option *table, const char *path);
const Option *option_find_flag(const Option *table, const char *flag); /* "--rate"; or "rate" */
const Option *option_find_shorthand(const Option *table, char shorthand);

int option_set_defaults(const Option *table, void *settings);
void options_deinit(const Option *table, void *settings);

/*
 * Sets one value from text, as typed after a flag, behind `reqctl set K=`, or in an INI file. OPTION_LIST
 * (items with blanks or commas between) and OPTION_MAP (one "K=V" or "K: V") add to what is there. Returns 0;
 * -EINVAL with @error filled, `where` being @where, and the setting unchanged; -ENOMEM. What is `later` says
 * "NAME is not supported yet", here and below.
 */
int option_set_text(
        const Option *option, void *settings, const char *text, const char *where, UserError *error);

/*
 * The same from JSON. Lists and maps replace what is there. Every type but OPTION_MAP and OPTION_JSON also
 * takes its text form as a string. null is a value only where `none` is, and for what is `later` and has no
 * default. `where` is the path, with the index or key below it: `expect.status[2]`, `request.headers.Accept`.
 */
int option_set_json(const Option *option, void *settings, const JsonValue *value, UserError *error);

/*
 * Reads an object whose nested keys are the table's paths ("pace": {"rate": ..} is "pace.rate"). Unknown keys
 * are errors with the nearest known name; `later` ones are "not supported yet".
 */
int options_set_json(const Option *table, void *settings, const JsonValue *object, UserError *error);

/*
 * Writes all of the table's rows as members of nested objects, in order of the table, into an object that is
 * open. Left out is what is absent: NULL, 0 where that means none, and an empty list or map without default.
 */
void options_write_json(const Option *table, const void *settings, JsonWriter *writer);

/*
 * One value as text, as option_set_text() would take it: "30s", "50/s", "1MiB", "none"; a list with blanks
 * between; a map with one pair on a line. To be freed; NULL without memory.
 */
char *option_text(const Option *option, const void *settings);

/* Number texts by themselves. 0, or -EINVAL with @error's message and hint filled. */
int duration_parse(const char *text, uint64_t *ret_us, UserError *error);
int size_parse(const char *text, uint64_t *ret_bytes, UserError *error);
int rate_parse(const char *text, double *ret_per_second, UserError *error); /* "none" gives 0 */
int share_parse(
        const char *text, CountOrShare *ret_share, UserError *error); /* 1 or more, or over 0% to 100% */

int string_list_add(StringList *list, const char *item);                 /* copied; -ENOMEM */
int string_map_add(StringList *map, const char *key, const char *value); /* replaces an equal key; -ENOMEM */
const char *string_map_value(const char *item); /* an item is its key as a string; its value follows */
void string_list_deinit(StringList *list);
