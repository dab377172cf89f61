/* Settings from JSON and to JSON. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/nearest.h"
#include "common/option_value.h"

typedef struct Guess Guess;

#define PATH_SIZE 192 /* of a path in an error text; a longer one is cut */

/* What a row takes, as an error names it. */
static const char *wanted(OptionType type) {
        static const char *const names[] = {
                [OPTION_STRING] = "a string",
                [OPTION_COUNT] = "a whole number",
                [OPTION_SIZE] = "a size (64KiB, 1MiB or a number of bytes)",
                [OPTION_DURATION] = "a duration (200ms, 30s, 5m, 2h, 1d or a number of seconds)",
                [OPTION_RATE] = "a rate (50/s, 3000/min or 100/h)",
                [OPTION_SHARE] = "a count or a share (100 or \"5%\")",
                [OPTION_BOOL] = "true or false",
                [OPTION_CHOICE] = "a string",
                [OPTION_LIST] = "an array of strings",
                [OPTION_MAP] = "an object of strings",
                [OPTION_JSON] = "an object",
        };

        return names[type];
}

static int refuse_type(const char *type, const JsonValue *value, const char *where, UserError *error) {
        return user_error_set(
                error, where, NULL, "this must be %s, not %s", type, json_type_name(json_type(value)));
}

/* The string of @value, unless it has a NUL inside: what follows that would be lost without a word. */
static int get_string(const JsonValue *value, const char *where, const char **ret_text, UserError *error) {
        const char *text = json_string(value);

        if (strlen(text) != json_size(value))
                return user_error_set(error, where, "leave it out", "there is a \\u0000 in this string");

        *ret_text = text;
        return 0;
}

/* Strings, numbers and booleans as text; what is typed without quotes is meant the same. */
static int get_text(const JsonValue *value, const char *type, const char *where, const char **ret_text,
        UserError *error) {
        switch (json_type(value)) {
        case JSON_STRING:
                return get_string(value, where, ret_text, error);
        case JSON_NUMBER:
                *ret_text = json_number_text(value);
                return 0;
        case JSON_BOOL:
                *ret_text = json_bool(value) ? "true" : "false";
                return 0;
        default:
                return refuse_type(type, value, where, error);
        }
}

static int add_item(
        const Option *option, StringList *list, const JsonValue *value, const char *where, UserError *error) {
        const char *text;
        int r;

        if (json_type(value) == JSON_BOOL)
                return refuse_type("a string or a number", value, where, error);

        r = get_text(value, "a string or a number", where, &text, error);
        if (!r)
                r = option_check(option, text, where, error);
        return r ? r : string_list_add(list, text);
}

static int set_list(const Option *option, void *settings, const JsonValue *value, UserError *error) {
        StringList *list = OPTION_FIELD(StringList, option, settings);
        _cleanup_(string_list_deinit) StringList items = {};
        char where[PATH_SIZE];
        int r;

        if (json_type(value) == JSON_ARRAY) {
                for (size_t i = 0; i < json_size(value); i++) {
                        snprintf(where, sizeof(where), "%s[%zu]", option->path, i);
                        r = add_item(option, &items, json_at(value, i), where, error);
                        if (r)
                                return r;
                }
        } else {
                r = add_item(option, &items, value, option->path, error);
                if (r)
                        return r;
        }

        string_list_deinit(list);
        *list = items;
        items = (StringList) {};
        return 0;
}

static int set_map(const Option *option, void *settings, const JsonValue *value, UserError *error) {
        StringList *map = OPTION_FIELD(StringList, option, settings);
        _cleanup_(string_list_deinit) StringList pairs = {};
        char where[PATH_SIZE];

        if (json_type(value) != JSON_OBJECT)
                return refuse_type(wanted(option->type), value, option->path, error);

        for (size_t i = 0; i < json_size(value); i++) {
                const char *key = json_key_at(value, i), *text;
                int r;

                snprintf(where, sizeof(where), "%s.%s", option->path, key);
                r = get_text(json_at(value, i), "a string, a number, true or false", where, &text, error);
                if (!r)
                        r = string_map_add(&pairs, key, text);
                if (r)
                        return r;
        }

        string_list_deinit(map);
        *map = pairs;
        pairs = (StringList) {};
        return 0;
}

static int set_object(const Option *option, void *settings, const JsonValue *value, UserError *error) {
        _cleanup_free_ char *dump = NULL;

        if (json_type(value) != JSON_OBJECT)
                return refuse_type(wanted(option->type), value, option->path, error);

        dump = json_dump(value);
        return dump ? option_set_text(option, settings, dump, option->path, error) : -ENOMEM;
}

/* A number goes the way of text, so bounds and errors are the same; a count may be written 1e3 or 5.0. */
static int set_number(const Option *option, void *settings, const JsonValue *value, UserError *error) {
        const char *text = json_number_text(value);
        char whole[32];
        int64_t number;

        if (option->type == OPTION_COUNT && json_int(value, &number) == 0) {
                snprintf(whole, sizeof(whole), "%jd", (intmax_t)number);
                text = whole;
        }

        return option_set_text(option, settings, text, option->path, error);
}

static bool takes_numbers(OptionType type) {
        return type == OPTION_COUNT || type == OPTION_SIZE || type == OPTION_DURATION ||
               type == OPTION_RATE || type == OPTION_SHARE;
}

static int set_scalar(const Option *option, void *settings, const JsonValue *value, UserError *error) {
        OptionType type = option->type;
        const char *text;
        int r;

        if (takes_numbers(type) && json_type(value) == JSON_NUMBER)
                return set_number(option, settings, value, error);

        if (json_type(value) != JSON_STRING && !(type == OPTION_BOOL && json_type(value) == JSON_BOOL))
                return refuse_type(wanted(type), value, option->path, error);

        r = get_text(value, wanted(type), option->path, &text, error);
        return r ? r : option_set_text(option, settings, text, option->path, error);
}

int option_set_json(const Option *option, void *settings, const JsonValue *value, UserError *error) {
        bool null = json_type(value) == JSON_NULL;

        if (option->later)
                return null && !option->fallback ? 0 : option_refuse_later(option, option->path, error);

        if (null && option->none)
                return option_set_text(option, settings, "none", option->path, error);

        switch (option->type) {
        case OPTION_LIST:
                return set_list(option, settings, value, error);
        case OPTION_MAP:
                return set_map(option, settings, value, error);
        case OPTION_JSON:
                return set_object(option, settings, value, error);
        default:
                return set_scalar(option, settings, value, error);
        }
}

/* The length of the group's name in a path; 0 for a row that stands by itself. */
static size_t group_len(const char *path) {
        const char *dot = strchr(path, '.');

        return dot ? (size_t)(dot - path) : 0;
}

static bool in_group(const Option *option, const char *group) {
        return strlen(group) == group_len(option->path) && strncmp(option->path, group, strlen(group)) == 0;
}

static bool is_group(const Option *table, const char *name) {
        for (const Option *option = table; option->path; option++)
                if (*name && in_group(option, name))
                        return true;

        return false;
}

struct Guess {
        const char *typed;
        const char *path; /* the row whose path is meant, up to `len`; NULL: none is near */
        size_t len;
        size_t distance;
};

/* Whether the name between @begin and @end of @path is nearer than what was found before. */
static void guess(Guess *best, const char *path, size_t begin, size_t end) {
        Nearest nearest = { .typed = best->typed };
        char name[NEAREST_LENGTH_MAX + 1];

        snprintf(name, sizeof(name), "%.*s", (int)(end - begin), path + begin);
        nearest_try(&nearest, name);

        if (nearest.best && (!best->path || nearest.distance < best->distance))
                *best = (Guess) { best->typed, path, end, nearest.distance };
}

/* A name that would be right in the same place is the better guess than one that belongs elsewhere. */
static void guess_row(Guess *best, const Option *table, const char *group) {
        for (const Option *option = table; option->path; option++) {
                size_t len = group_len(option->path);

                if (in_group(option, group))
                        guess(best, option->path, len ? len + 1 : 0, strlen(option->path));
                else if (!*group)
                        guess(best, option->path, 0, len);
        }

        for (const Option *option = table; option->path && !best->path; option++) {
                size_t len = group_len(option->path);

                guess(best, option->path, len ? len + 1 : 0, strlen(option->path));
        }
}

static int refuse_unknown(
        const Option *table, const char *group, const char *key, const char *where, UserError *error) {
        char hint[PATH_SIZE] = "";
        Guess best = { .typed = key };

        guess_row(&best, table, group);
        if (best.path)
                snprintf(hint, sizeof(hint), "did you mean %.*s?", (int)best.len, best.path);

        return user_error_set(error, where, best.path ? hint : NULL, "\"%.60s\" is not a known key", key);
}

/* The members of one group; "" is the object as a whole, whose members may be groups. */
static int set_group(
        const Option *table, void *settings, const char *group, const JsonValue *object, UserError *error) {
        char path[PATH_SIZE];

        if (json_type(object) != JSON_OBJECT)
                return refuse_type("an object", object, *group ? group : NULL, error);

        for (size_t i = 0; i < json_size(object); i++) {
                const char *key = json_key_at(object, i);
                const Option *option;
                int r;

                snprintf(path, sizeof(path), "%s%s%s", group, *group ? "." : "", key);
                option = strchr(key, '.') ? NULL : option_find(table, path);

                if (option)
                        r = option_set_json(option, settings, json_at(object, i), error);
                else if (!*group && is_group(table, key))
                        r = set_group(table, settings, key, json_at(object, i), error);
                else
                        r = refuse_unknown(table, group, key, path, error);
                if (r)
                        return r;
        }

        return 0;
}

int options_set_json(const Option *table, void *settings, const JsonValue *object, UserError *error) {
        return set_group(table, settings, "", object, error);
}

static void write_list(const StringList *list, JsonWriter *writer) {
        json_open_array(writer);
        for (size_t i = 0; i < list->n; i++)
                json_put_string(writer, list->items[i]);
        json_close_array(writer);
}

static void write_map(const StringList *map, JsonWriter *writer) {
        json_open_object(writer);
        for (size_t i = 0; i < map->n; i++)
                json_member_string(writer, map->items[i], string_map_value(map->items[i]));
        json_close_object(writer);
}

/* A size in plain bytes is a number, as it would be typed; so is a count. Other numbers have their unit. */
static void write_number(const Option *option, uint64_t number, JsonWriter *writer) {
        char text[NUMBER_TEXT_SIZE];

        if (option->type == OPTION_COUNT || (option->type == OPTION_SIZE && number % 1024 != 0))
                json_put_uint(writer, number);
        else
                json_put_string(writer, number_format(option->type, number, text));
}

static void write_share(const CountOrShare *share, JsonWriter *writer) {
        char text[NUMBER_TEXT_SIZE];

        if (share->percent > 0)
                json_put_string(writer, share_format(share, text));
        else
                json_put_uint(writer, share->count);
}

static void write_value(const Option *option, const void *settings, JsonWriter *writer) {
        const char *object;
        char text[NUMBER_TEXT_SIZE];

        switch (option->type) {
        case OPTION_STRING:
                json_put_string(writer, *OPTION_CONST_FIELD(char *, option, settings));
                break;
        case OPTION_JSON:
                object = *OPTION_CONST_FIELD(char *, option, settings);
                json_put_raw(writer, object, strlen(object));
                break;
        case OPTION_LIST:
                write_list(OPTION_CONST_FIELD(StringList, option, settings), writer);
                break;
        case OPTION_MAP:
                write_map(OPTION_CONST_FIELD(StringList, option, settings), writer);
                break;
        case OPTION_RATE:
                json_put_string(writer, rate_format(*OPTION_CONST_FIELD(double, option, settings), text));
                break;
        case OPTION_SHARE:
                write_share(OPTION_CONST_FIELD(CountOrShare, option, settings), writer);
                break;
        case OPTION_BOOL:
                json_put_bool(writer, *OPTION_CONST_FIELD(bool, option, settings));
                break;
        case OPTION_CHOICE:
                json_put_string(writer, option->choices[*OPTION_CONST_FIELD(uint64_t, option, settings)]);
                break;
        case OPTION_COUNT:
        case OPTION_SIZE:
        case OPTION_DURATION:
                write_number(option, *OPTION_CONST_FIELD(uint64_t, option, settings), writer);
        }
}

static void open_group(const char *path, size_t len, JsonWriter *writer) {
        char name[PATH_SIZE];

        snprintf(name, sizeof(name), "%.*s", (int)len, path);
        json_key(writer, name);
        json_open_object(writer);
}

void options_write_json(const Option *table, const void *settings, JsonWriter *writer) {
        const char *group = ""; /* the path of some row of the group that is open */

        for (const Option *option = table; option->path; option++) {
                size_t len = group_len(option->path);

                if (option_is_absent(option, settings))
                        continue;

                if (len != group_len(group) || strncmp(option->path, group, len) != 0) {
                        if (group_len(group))
                                json_close_object(writer);
                        if (len)
                                open_group(option->path, len, writer);
                }

                group = option->path;
                json_key(writer, option->path + (len ? len + 1 : 0));
                write_value(option, settings, writer);
        }

        if (group_len(group))
                json_close_object(writer);
}
