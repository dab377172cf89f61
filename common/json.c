/*
 * Small JSON as a tree. The parser is yajl's; the tree is built in its callbacks and not by yajl_tree, which
 * has no bound on depth, cuts strings at NUL and forgets where equal keys stood.
 */

#include "common/json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "common/json_text.h"
#include "common/json_tree.h"

typedef struct Parser Parser;

struct Parser {
        yajl_handle yajl;
        const char *text;
        size_t len;
        size_t line, counted; /* the line on which byte number `counted` is */
        JsonValue *root;
        JsonValue *open[JSON_DEPTH_MAX]; /* arrays and objects around the present place */
        size_t depth;
        UserError *error;
        int r; /* why a callback stopped */
};

#define LINE_SIZE 32 /* of "line 3" */

enum { YAJL_STOP, YAJL_GO_ON };

static void value_deinit(JsonValue *value) {
        for (size_t i = 0; i < value->allocated; i++) {
                if (i < value->n)
                        value_deinit(&value->items[i]);
                if (value->keys)
                        free(value->keys[i].name);
        }

        free(value->text);
        free(value->items);
        free(value->keys);
}

JsonValue *json_free(JsonValue *root) {
        if (root)
                value_deinit(root);

        free(root);
        return NULL;
}

static char *format_line(char *text, size_t line) {
        snprintf(text, LINE_SIZE, "line %zu", line);
        return text;
}

/* The line of the byte at @offset, which never is before that of an earlier call. */
static size_t line_at(Parser *parser, size_t offset) {
        for (; parser->counted < offset && parser->counted < parser->len; parser->counted++)
                if (parser->text[parser->counted] == '\n')
                        parser->line++;

        return parser->line;
}

static int refuse_at(Parser *parser, size_t offset, const char *message) {
        char where[LINE_SIZE];

        return user_error_set(
                parser->error, format_line(where, line_at(parser, offset)), NULL, "%s", message);
}

/* What the parser has just called back for is wrong. */
static int refuse(Parser *parser, const char *message) {
        return refuse_at(parser, yajl_get_bytes_consumed(parser->yajl), message);
}

static int grow(JsonValue *container) {
        size_t n = container->allocated ? 2 * container->allocated : 4;
        JsonValue *items;
        JsonKey *keys;

        items = reallocarray(container->items, n, sizeof(*items));
        if (!items)
                return -ENOMEM;
        container->items = items;

        if (container->type == JSON_OBJECT) {
                keys = reallocarray(container->keys, n, sizeof(*keys));
                if (!keys)
                        return -ENOMEM;
                memset(keys + container->allocated, 0, (n - container->allocated) * sizeof(*keys));
                container->keys = keys;
        }

        container->allocated = n;
        return 0;
}

/*
 * The place of the next value: in the innermost open container, or the root. Arrays may move when they grow,
 * but only the innermost one does, and nobody points into that.
 */
static JsonValue *add(Parser *parser, JsonType type) {
        JsonValue *container, *value;

        if (parser->depth == 0) {
                value = parser->root = calloc(1, sizeof(*value));
        } else {
                container = parser->open[parser->depth - 1];
                value = container->n < container->allocated || grow(container) == 0
                                ? &container->items[container->n++]
                                : NULL;
        }

        if (value)
                *value = (JsonValue) { .type = type };
        else
                parser->r = -ENOMEM;
        return value;
}

static int add_text(Parser *parser, JsonType type, const char *text, size_t len) {
        JsonValue *value = add(parser, type);

        if (!value)
                return YAJL_STOP;

        value->text = calloc(1, len + 1);
        if (!value->text) {
                parser->r = -ENOMEM;
                return YAJL_STOP;
        }

        memcpy(value->text, text, len);
        value->n = len;
        return YAJL_GO_ON;
}

static int on_null(void *userdata) {
        return add(userdata, JSON_NULL) ? YAJL_GO_ON : YAJL_STOP;
}

static int on_boolean(void *userdata, int boolean) {
        JsonValue *value = add(userdata, JSON_BOOL);

        if (!value)
                return YAJL_STOP;

        value->boolean = boolean != 0;
        return YAJL_GO_ON;
}

static int on_number(void *userdata, const char *text, size_t len) {
        return add_text(userdata, JSON_NUMBER, text, len);
}

static int on_string(void *userdata, const unsigned char *text, size_t len) {
        return add_text(userdata, JSON_STRING, (const char *)text, len);
}

static int on_key(void *userdata, const unsigned char *text, size_t len) {
        Parser *parser = userdata;
        JsonValue *object = parser->open[parser->depth - 1];
        char *name;

        if (memchr(text, '\0', len)) {
                parser->r = refuse(parser, "a key has \\u0000 in it");
                return YAJL_STOP;
        }

        name = strndup((const char *)text, len);
        if (!name || (object->n == object->allocated && grow(object))) {
                free(name);
                parser->r = -ENOMEM;
                return YAJL_STOP;
        }

        object->keys[object->n] = (JsonKey) { name, line_at(parser, yajl_get_bytes_consumed(parser->yajl)) };
        return YAJL_GO_ON;
}

static int open_container(Parser *parser, JsonType type) {
        JsonValue *value;

        if (parser->depth == JSON_DEPTH_MAX) {
                parser->r = refuse(parser, "nested too deeply");
                return YAJL_STOP;
        }

        value = add(parser, type);
        if (!value)
                return YAJL_STOP;

        parser->open[parser->depth++] = value;
        return YAJL_GO_ON;
}

static int on_open_object(void *userdata) {
        return open_container(userdata, JSON_OBJECT);
}

static int on_open_array(void *userdata) {
        return open_container(userdata, JSON_ARRAY);
}

static int compare_keys(const void *left, const void *right) {
        const JsonKey *a = left, *b = right;

        return strcmp(a->name, b->name);
}

/* Equal keys are neighbours once sorted, so that many keys need no comparing of all pairs. */
static int check_keys(Parser *parser, const JsonValue *object) {
        _cleanup_free_ JsonKey *sorted = NULL;

        if (object->n < 2)
                return 0;

        sorted = reallocarray(NULL, object->n, sizeof(*sorted));
        if (!sorted)
                return -ENOMEM;

        memcpy(sorted, object->keys, object->n * sizeof(*sorted));
        qsort(sorted, object->n, sizeof(*sorted), compare_keys);

        for (size_t i = 1; i < object->n; i++) {
                const JsonKey *a = &sorted[i - 1], *b = &sorted[i];
                char where[LINE_SIZE];

                if (strcmp(a->name, b->name) == 0)
                        return user_error_set(parser->error,
                                format_line(where, a->line > b->line ? a->line : b->line), "write it once",
                                "the key \"%s\" is there twice", a->name);
        }

        return 0;
}

static int on_close_object(void *userdata) {
        Parser *parser = userdata;

        parser->depth--;
        parser->r = check_keys(parser, parser->open[parser->depth]);
        return parser->r ? YAJL_STOP : YAJL_GO_ON;
}

static int on_close_array(void *userdata) {
        Parser *parser = userdata;

        parser->depth--;
        return YAJL_GO_ON;
}

static const yajl_callbacks callbacks = {
        .yajl_null = on_null,
        .yajl_boolean = on_boolean,
        .yajl_number = on_number,
        .yajl_string = on_string,
        .yajl_start_map = on_open_object,
        .yajl_map_key = on_key,
        .yajl_end_map = on_close_object,
        .yajl_start_array = on_open_array,
        .yajl_end_array = on_close_array,
};

/* What yajl lets pass though it is not JSON; of half a surrogate pair it makes a '?' or invalid UTF-8. */
static int check_text(Parser *parser) {
        size_t offset;
        const char *complaint = json_text_complaint(parser->text, parser->len, &offset), *half;

        if (complaint)
                return refuse_at(parser, offset, complaint);

        half = json_text_lone_surrogate(parser->text, parser->len);
        return half ? refuse_at(parser, (size_t)(half - parser->text),
                              "a \\u escape is half of a surrogate pair")
                    : 0;
}

/* "parse error: trailing garbage\n" becomes "not JSON: trailing garbage". */
static int refuse_syntax(Parser *parser, size_t offset) {
        unsigned char *text = yajl_get_error(parser->yajl, 0, NULL, 0);
        const char *reason = text ? (const char *)text : "syntax error", *colon = strstr(reason, ": ");
        char message[128];

        if (colon)
                reason = colon + 2;
        snprintf(message, sizeof(message), "not JSON: %.*s", (int)strcspn(reason, ".\n"), reason);
        if (text)
                yajl_free_error(parser->yajl, text);

        return refuse_at(parser, offset, message);
}

static int parse(Parser *parser) {
        yajl_status status;
        size_t offset;

        status = yajl_parse(parser->yajl, (const unsigned char *)parser->text, parser->len);
        offset = yajl_get_bytes_consumed(parser->yajl);
        if (status == yajl_status_ok) {
                status = yajl_complete_parse(parser->yajl);
                offset = parser->len;
        }

        if (parser->r)
                return parser->r;

        return status == yajl_status_ok ? 0 : refuse_syntax(parser, offset);
}

int json_parse(const char *text, size_t len, JsonValue **ret_root, UserError *error) {
        Parser parser = { .text = text, .len = len, .line = 1, .error = error };
        int r;

        r = check_text(&parser);
        if (r)
                return r;

        parser.yajl = yajl_alloc(&callbacks, NULL, &parser);
        if (!parser.yajl)
                return -ENOMEM;

        r = parse(&parser);
        yajl_free(parser.yajl);
        if (r) {
                json_free(parser.root);
                return r;
        }

        *ret_root = parser.root;
        return 0;
}
