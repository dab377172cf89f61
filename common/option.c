/* Tables of settings: rows, defaults, and the lists that settings may be. */

#include "common/option.h"

#include <errno.h>
#include <string.h>

#include "common/option_value.h"

const Option *option_find(const Option *table, const char *path) {
        for (const Option *option = table; option->path; option++)
                if (strcmp(option->path, path) == 0)
                        return option;

        return NULL;
}

const Option *option_find_flag(const Option *table, const char *flag) {
        const char *name = strncmp(flag, "--", 2) == 0 ? flag + 2 : flag;

        for (const Option *option = table; option->path; option++)
                if (option->flag && strcmp(option->flag + 2, name) == 0)
                        return option;

        return NULL;
}

const Option *option_find_shorthand(const Option *table, char shorthand) {
        for (const Option *option = table; option->path; option++)
                if (option->shorthand && option->shorthand == shorthand)
                        return option;

        return NULL;
}

int option_set_defaults(const Option *table, void *settings) {
        for (const Option *option = table; option->path; option++) {
                _cleanup_(user_error_deinit) UserError error = {};
                int r;

                if (option->later || !option->fallback)
                        continue;

                r = option_set_text(option, settings, option->fallback, option->path, &error);
                if (r)
                        return error_trace(r);
        }

        return 0;
}

void options_deinit(const Option *table, void *settings) {
        for (const Option *option = table; option->path; option++) {
                if (option->later)
                        continue;

                if (option->type == OPTION_STRING || option->type == OPTION_JSON) {
                        char **string = OPTION_FIELD(char *, option, settings);

                        free(*string);
                        *string = NULL;
                } else if (option->type == OPTION_LIST || option->type == OPTION_MAP) {
                        string_list_deinit(OPTION_FIELD(StringList, option, settings));
                }
        }
}

bool option_is_absent(const Option *option, const void *settings) {
        if (option->later)
                return true;

        switch (option->type) {
        case OPTION_STRING:
        case OPTION_JSON:
                return !*OPTION_CONST_FIELD(char *, option, settings);
        case OPTION_LIST:
        case OPTION_MAP:
                return OPTION_CONST_FIELD(StringList, option, settings)->n == 0 && !option->fallback;
        case OPTION_RATE:
                return option->none && *OPTION_CONST_FIELD(double, option, settings) == 0;
        case OPTION_COUNT:
        case OPTION_SIZE:
        case OPTION_DURATION:
                return option->none && *OPTION_CONST_FIELD(uint64_t, option, settings) == 0;
        case OPTION_SHARE:
                return OPTION_CONST_FIELD(CountOrShare, option, settings)->count == 0 &&
                       OPTION_CONST_FIELD(CountOrShare, option, settings)->percent == 0;
        case OPTION_BOOL:
        case OPTION_CHOICE:
                return false;
        }

        return false;
}

int option_refuse_later(const Option *option, const char *where, UserError *error) {
        const char *dot = strrchr(option->path, '.');

        return user_error_set(error, where, NULL, "%s is not supported yet", dot ? dot + 1 : option->path);
}

int option_check(const Option *option, const char *text, const char *where, UserError *error) {
        if (option->check && option->check(text, error))
                return user_error_place(error, where);

        return 0;
}

int user_error_place(UserError *error, const char *where) {
        if (!error->where && where)
                error->where = strdup(where);

        return -EINVAL;
}

/* Takes @item over, freeing it on failure. */
static int list_append(StringList *list, char *item) {
        char **items;

        items = item ? reallocarray(list->items, list->n + 2, sizeof(*items)) : NULL;
        if (!items) {
                free(item);
                return -ENOMEM;
        }

        items[list->n++] = item;
        items[list->n] = NULL;
        list->items = items;
        return 0;
}

int string_list_add(StringList *list, const char *item) {
        return list_append(list, strdup(item));
}

int string_map_add(StringList *map, const char *key, const char *value) {
        size_t key_size = strlen(key) + 1, value_size = strlen(value) + 1;
        char *item = malloc(key_size + value_size);

        if (!item)
                return -ENOMEM;

        memcpy(item, key, key_size);
        memcpy(item + key_size, value, value_size);

        for (size_t i = 0; i < map->n; i++)
                if (strcmp(map->items[i], key) == 0) {
                        free(map->items[i]);
                        map->items[i] = item;
                        return 0;
                }

        return list_append(map, item);
}

const char *string_map_value(const char *item) {
        return item + strlen(item) + 1;
}

void string_list_deinit(StringList *list) {
        for (size_t i = 0; i < list->n; i++)
                free(list->items[i]);

        free(list->items);
        *list = (StringList) {};
}
