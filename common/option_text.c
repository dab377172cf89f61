/* Settings from text and to text. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/option_value.h"

#define SEPARATORS " \t," /* between the items of a list */

/* The bounds of a row as a hint: "write 1 to 100000", "write at least 1ms". */
static void format_bounds(const Option *option, char *hint, size_t size) {
        char min[NUMBER_TEXT_SIZE], max[NUMBER_TEXT_SIZE];
        const char *unit = option->type == OPTION_RATE ? "/s" : "", *none = option->none ? " or none" : "";
        OptionType type = option->type == OPTION_RATE ? OPTION_COUNT : option->type;

        number_format(type, option->min, min);
        number_format(type, option->max, max);

        if (option->min == 0 && option->zero)
                snprintf(hint, size, "write more than 0%s%s%s%s", option->max ? " and at most " : "",
                        option->max ? max : "", option->max ? unit : "", none);
        else if (option->max == 0)
                snprintf(hint, size, "write at least %s%s%s", min, unit, none);
        else
                snprintf(hint, size, "write %s%s to %s%s%s", min, unit, max, unit, none);
}

static int check_bounds(
        const Option *option, double number, const char *text, const char *where, UserError *error) {
        bool small = number < (double)option->min || (number == 0 && option->zero);
        bool large = option->max > 0 && number > (double)option->max;
        char hint[160];

        if (!small && !large)
                return 0;

        format_bounds(option, hint, sizeof(hint));
        return user_error_set(error, where, hint, "%.60s is too %s", text, small ? "small" : "large");
}

static int set_number(
        const Option *option, void *settings, const char *text, const char *where, UserError *error) {
        uint64_t number;
        int r;

        if (number_parse(option->type, text, &number, error))
                return user_error_place(error, where);

        r = check_bounds(option, (double)number, text, where, error);
        if (r)
                return r;

        *OPTION_FIELD(uint64_t, option, settings) = number;
        return 0;
}

static int set_rate(
        const Option *option, void *settings, const char *text, const char *where, UserError *error) {
        double per_second;
        int r;

        if (rate_parse(text, &per_second, error))
                return user_error_place(error, where);

        r = check_bounds(option, per_second, text, where, error);
        if (r)
                return r;

        *OPTION_FIELD(double, option, settings) = per_second;
        return 0;
}

static int set_share(
        const Option *option, void *settings, const char *text, const char *where, UserError *error) {
        CountOrShare share;

        if (share_parse(text, &share, error))
                return user_error_place(error, where);

        *OPTION_FIELD(CountOrShare, option, settings) = share;
        return 0;
}

static int set_bool(
        const Option *option, void *settings, const char *text, const char *where, UserError *error) {
        static const char *const words[] = { "no", "yes", "false", "true", "off", "on", "0", "1" };

        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                if (strcasecmp(text, words[i]) == 0) {
                        *OPTION_FIELD(bool, option, settings) = i % 2 == 1;
                        return 0;
                }

        return user_error_set(error, where, "write yes or no", "\"%.60s\" is neither yes nor no", text);
}

static int set_choice(
        const Option *option, void *settings, const char *text, const char *where, UserError *error) {
        char hint[160] = "write one of:";
        size_t len = strlen(hint);

        for (uint64_t i = 0; option->choices[i]; i++) {
                if (strcasecmp(text, option->choices[i]) == 0) {
                        *OPTION_FIELD(uint64_t, option, settings) = i;
                        return 0;
                }
                if (len < sizeof(hint))
                        len += (size_t)snprintf(hint + len, sizeof(hint) - len, " %s", option->choices[i]);
        }

        return user_error_set(error, where, hint, "\"%.60s\" is not known here", text);
}

/* Takes @string over. */
static int replace_string(const Option *option, void *settings, char *string) {
        char **field = OPTION_FIELD(char *, option, settings);

        free(*field);
        *field = string;
        return 0;
}

static int set_string(const Option *option, void *settings, const char *text) {
        char *copy = strdup(text);

        return copy ? replace_string(option, settings, copy) : -ENOMEM;
}

static int set_object(
        const Option *option, void *settings, const char *text, const char *where, UserError *error) {
        _cleanup_(user_error_deinit) UserError inner = {};
        _cleanup_(json_freep) JsonValue *object = NULL;
        char *dump;
        int r;

        r = json_parse(text, strlen(text), &object, &inner);
        if (r == -EINVAL) /* its line is not that of a file */
                return user_error_set(error, where, "write a JSON object, such as {\"k\": 1}", "%s",
                        inner.message ? inner.message : "not JSON");
        if (r)
                return error_trace(r);

        if (json_type(object) != JSON_OBJECT)
                return user_error_set(error, where, "write {...}", "an object is needed, not %s",
                        json_type_name(json_type(object)));

        dump = json_dump(object);
        return dump ? replace_string(option, settings, dump) : -ENOMEM;
}

/* All items are checked before the first is added, so that an error leaves the list as it was. */
static int add_items(
        const Option *option, void *settings, const char *text, const char *where, UserError *error) {
        _cleanup_(string_list_deinit) StringList items = {};
        _cleanup_free_ char *copy = NULL;
        char *rest = NULL;
        int r;

        copy = strdup(text);
        if (!copy)
                return -ENOMEM;

        for (char *item = strtok_r(copy, SEPARATORS, &rest); item; item = strtok_r(NULL, SEPARATORS, &rest)) {
                r = option_check(option, item, where, error);
                if (!r)
                        r = string_list_add(&items, item);
                if (r)
                        return r;
        }

        if (items.n == 0)
                return user_error_set(error, where, NULL, "nothing is named");

        for (size_t i = 0; i < items.n; i++) {
                r = string_list_add(OPTION_FIELD(StringList, option, settings), items.items[i]);
                if (r)
                        return r;
        }

        return 0;
}

/* "K=V", or "K: V" as headers are written; whichever separator comes first is it. */
static int add_pair(
        const Option *option, void *settings, const char *text, const char *where, UserError *error) {
        size_t key_len = strcspn(text, "=:");
        _cleanup_free_ char *key = NULL;
        const char *value;

        if (text[key_len] == '\0' || key_len == 0)
                return user_error_set(error, where, option->arg ? option->arg : "K=V",
                        key_len ? "\"%.60s\" has no \"=\" or \":\" in it" : "\"%.60s\" has no name in front",
                        text);

        key = strndup(text, key_len);
        if (!key)
                return -ENOMEM;

        value = text + key_len + 1;
        if (text[key_len] == ':')
                value += strspn(value, " \t");

        return string_map_add(OPTION_FIELD(StringList, option, settings), key, value);
}

static void set_none(const Option *option, void *settings) {
        switch (option->type) {
        case OPTION_STRING:
        case OPTION_JSON:
                (void)replace_string(option, settings, NULL);
                break;
        case OPTION_LIST:
        case OPTION_MAP:
                string_list_deinit(OPTION_FIELD(StringList, option, settings));
                break;
        case OPTION_RATE:
                *OPTION_FIELD(double, option, settings) = 0;
                break;
        case OPTION_SHARE:
                *OPTION_FIELD(CountOrShare, option, settings) = (CountOrShare) {};
                break;
        default:
                *OPTION_FIELD(uint64_t, option, settings) = 0;
        }
}

int option_set_text(
        const Option *option, void *settings, const char *text, const char *where, UserError *error) {
        int r;

        if (option->later)
                return option_refuse_later(option, where, error);

        if (option->none && strcmp(text, "none") == 0) {
                set_none(option, settings);
                return 0;
        }

        if (option->type == OPTION_LIST)
                return add_items(option, settings, text, where, error);
        if (option->type == OPTION_MAP)
                return add_pair(option, settings, text, where, error);

        r = option_check(option, text, where, error);
        if (r)
                return r;

        switch (option->type) {
        case OPTION_STRING:
                return set_string(option, settings, text);
        case OPTION_JSON:
                return set_object(option, settings, text, where, error);
        case OPTION_RATE:
                return set_rate(option, settings, text, where, error);
        case OPTION_SHARE:
                return set_share(option, settings, text, where, error);
        case OPTION_BOOL:
                return set_bool(option, settings, text, where, error);
        case OPTION_CHOICE:
                return set_choice(option, settings, text, where, error);
        default:
                return set_number(option, settings, text, where, error);
        }
}

/* Items with @separator between; those of a map as K=V. */
static char *join(const StringList *list, bool map, char separator) {
        char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);

        if (!out)
                return NULL;

        for (size_t i = 0; i < list->n; i++) {
                if (i > 0)
                        fputc(separator, out);
                fputs(list->items[i], out);
                if (map)
                        fprintf(out, "=%s", string_map_value(list->items[i]));
        }

        if (fclose(out)) {
                free(text);
                return NULL;
        }

        return text;
}

char *option_text(const Option *option, const void *settings) {
        char text[NUMBER_TEXT_SIZE];

        if (option_is_absent(option, settings))
                return strdup(option->none ? "none" : "");

        switch (option->type) {
        case OPTION_STRING:
        case OPTION_JSON:
                return strdup(*OPTION_CONST_FIELD(char *, option, settings));
        case OPTION_LIST:
                return join(OPTION_CONST_FIELD(StringList, option, settings), false, ' ');
        case OPTION_MAP:
                return join(OPTION_CONST_FIELD(StringList, option, settings), true, '\n');
        case OPTION_RATE:
                return strdup(rate_format(*OPTION_CONST_FIELD(double, option, settings), text));
        case OPTION_SHARE:
                return strdup(share_format(OPTION_CONST_FIELD(CountOrShare, option, settings), text));
        case OPTION_BOOL:
                return strdup(*OPTION_CONST_FIELD(bool, option, settings) ? "yes" : "no");
        case OPTION_CHOICE:
                return strdup(option->choices[*OPTION_CONST_FIELD(uint64_t, option, settings)]);
        default:
                return strdup(
                        number_format(option->type, *OPTION_CONST_FIELD(uint64_t, option, settings), text));
        }
}
