/*
 * Equal keys are rare, so finding the places of all members is left to this second reading of the body.
 *
 * It notes edits: replace the first value by the last one, cut out the later members. Copying then
 * follows a replacement into the text that it names, which may have edits of its own.
 */

#include "daemon/store/json_rewrite.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <yajl/yajl_parse.h>

#include "common/alloc.h"
#include "common/error.h"
#include "daemon/store/json_keys.h"

typedef struct Span Span;
typedef struct Member Member;
typedef struct Edit Edit;
typedef struct Frame Frame;
typedef struct Rewriting Rewriting;

struct Span {
        size_t start;
        size_t end;
};

/* A member of an open object; its key has the same index in Rewriting.keys. */
struct Member {
        size_t previous_end; /* where the value before it ends; not used of the first member */
        Span value;
};

struct Edit {
        Span cut;
        Span by; /* elsewhere in the body; empty: nothing */
};

struct Frame {
        bool object;
        size_t first; /* index of its first member */
};

struct Rewriting {
        yajl_handle handle;
        const char *text;
        size_t len;

        JsonKeys keys;
        Member *members;
        size_t n_members_allocated;
        Frame frames[JSON_DEPTH_MAX];
        size_t depth;

        Edit *edits;
        size_t n_edits;
        size_t n_edits_allocated;

        char *out; /* has room for @len: nothing is copied twice */
        size_t out_len;
};

static void rewriting_deinit(Rewriting *rewriting) {
        if (rewriting->handle)
                yajl_free(rewriting->handle);
        json_keys_deinit(&rewriting->keys);
        free(rewriting->members);
        free(rewriting->edits);
        free(rewriting->out);
}

static size_t position(const Rewriting *rewriting) {
        return yajl_get_bytes_consumed(rewriting->handle);
}

static int add_edit(Rewriting *rewriting, Span cut, Span by) {
        if (rewriting->n_edits == rewriting->n_edits_allocated) {
                size_t n_allocated = rewriting->n_edits_allocated ? 2 * rewriting->n_edits_allocated : 16;
                Edit *grown = reallocarray(rewriting->edits, n_allocated, sizeof(*grown));

                if (!grown)
                        return -ENOMEM;
                rewriting->edits = grown;
                rewriting->n_edits_allocated = n_allocated;
        }

        rewriting->edits[rewriting->n_edits++] = (Edit) { .cut = cut, .by = by };
        return 0;
}

static int compare_members(const void *a, const void *b, void *context) {
        const JsonKeys *keys = context;
        size_t i = *(const size_t *)a, j = *(const size_t *)b;
        int r = json_key_compare(&keys->keys[i], &keys->keys[j]);

        return r ? r : (i > j) - (i < j);
}

/* @order[0..n): the members of one key, in the order of the text. */
static int edit_equal(Rewriting *rewriting, const size_t *order, size_t n) {
        const Member *members = rewriting->members;
        int r;

        r = add_edit(rewriting, members[order[0]].value, members[order[n - 1]].value);
        for (size_t i = 1; i < n && !r; i++) {
                const Member *member = &members[order[i]];

                r = add_edit(rewriting, (Span) { member->previous_end, member->value.end }, (Span) {});
        }

        return r;
}

static int edit_object(Rewriting *rewriting, size_t first) {
        _cleanup_free_ size_t *order = NULL;
        const JsonKey *keys = rewriting->keys.keys;
        size_t n = rewriting->keys.n - first;
        int r;

        order = calloc(n + 1, sizeof(*order));
        if (!order)
                return -ENOMEM;

        for (size_t i = 0; i < n; i++)
                order[i] = first + i;
        qsort_r(order, n, sizeof(*order), compare_members, &rewriting->keys);

        for (size_t i = 0, end; i < n; i = end) {
                for (end = i + 1; end < n; end++)
                        if (json_key_compare(&keys[order[i]], &keys[order[end]]) != 0)
                                break;

                r = end - i > 1 ? edit_equal(rewriting, order + i, end - i) : 0;
                if (r)
                        return r;
        }

        return 0;
}

/* A value has ended: it is told to the member that it belongs to. */
static int on_value_end(Rewriting *rewriting) {
        if (rewriting->depth > 0 && rewriting->frames[rewriting->depth - 1].object)
                rewriting->members[rewriting->keys.n - 1].value.end = position(rewriting);
        return 1;
}

static int on_null(void *context) {
        return on_value_end(context);
}

static int on_boolean(void *context, int value) {
        return on_value_end(context);
}

static int on_number(void *context, const char *text, size_t len) {
        return on_value_end(context);
}

static int on_string(void *context, const unsigned char *text, size_t len) {
        return on_value_end(context);
}

static int open_frame(Rewriting *rewriting, bool object) {
        rewriting->frames[rewriting->depth++] = (Frame) { .object = object, .first = rewriting->keys.n };
        return 1;
}

static int on_start_map(void *context) {
        return open_frame(context, true);
}

static int on_start_array(void *context) {
        return open_frame(context, false);
}

static int on_map_key(void *context, const unsigned char *key, size_t key_len) {
        Rewriting *rewriting = context;
        const char *key_text = (const char *)key;
        bool first = rewriting->keys.n == rewriting->frames[rewriting->depth - 1].first;
        bool inside = key_text >= rewriting->text && key_text < rewriting->text + rewriting->len;
        Member member = { .value.start = position(rewriting) };

        if (json_keys_add(&rewriting->keys, key_text, key_len, inside))
                return 0;

        if (rewriting->n_members_allocated < rewriting->keys.n_allocated) {
                Member *grown = reallocarray(rewriting->members, rewriting->keys.n_allocated, sizeof(*grown));

                if (!grown)
                        return 0;
                rewriting->members = grown;
                rewriting->n_members_allocated = rewriting->keys.n_allocated;
        }

        while (strchr(" \t\r\n:", rewriting->text[member.value.start]))
                member.value.start++;
        if (!first)
                member.previous_end = rewriting->members[rewriting->keys.n - 2].value.end;
        rewriting->members[rewriting->keys.n - 1] = member;
        return 1;
}

static int on_end_map(void *context) {
        Rewriting *rewriting = context;
        size_t first = rewriting->frames[rewriting->depth - 1].first;

        if (edit_object(rewriting, first))
                return 0;

        (void)json_keys_close(&rewriting->keys, first);
        rewriting->depth--;
        return on_value_end(rewriting);
}

static int on_end_array(void *context) {
        Rewriting *rewriting = context;

        rewriting->depth--;
        return on_value_end(rewriting);
}

static const yajl_callbacks callbacks = {
        .yajl_null = on_null,
        .yajl_boolean = on_boolean,
        .yajl_number = on_number,
        .yajl_string = on_string,
        .yajl_start_map = on_start_map,
        .yajl_map_key = on_map_key,
        .yajl_end_map = on_end_map,
        .yajl_start_array = on_start_array,
        .yajl_end_array = on_end_array,
};

static int compare_edits(const void *a, const void *b) {
        const Edit *x = a, *y = b;

        return (x->cut.start > y->cut.start) - (x->cut.start < y->cut.start);
}

/* Index of the first edit at or behind @start. */
static size_t find_edit(const Rewriting *rewriting, size_t start) {
        size_t low = 0, high = rewriting->n_edits;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (rewriting->edits[middle].cut.start < start)
                        low = middle + 1;
                else
                        high = middle;
        }

        return low;
}

static void copy(Rewriting *rewriting, Span span) {
        memcpy(rewriting->out + rewriting->out_len, rewriting->text + span.start, span.end - span.start);
        rewriting->out_len += span.end - span.start;
}

/* Calls itself for a replacement, which lies deeper in the JSON: as often as that has levels at most. */
static void copy_edited(Rewriting *rewriting, Span span) {
        while (span.start < span.end) {
                size_t i = find_edit(rewriting, span.start);
                const Edit *edit = &rewriting->edits[i];

                if (i == rewriting->n_edits || edit->cut.start >= span.end) {
                        copy(rewriting, span);
                        return;
                }

                copy(rewriting, (Span) { span.start, edit->cut.start });
                copy_edited(rewriting, edit->by);
                span.start = edit->cut.end;
        }
}

int json_rewrite(const char *text, size_t len, char **ret_text, size_t *ret_len) {
        _cleanup_(rewriting_deinit) Rewriting rewriting = { .text = text, .len = len };

        rewriting.handle = yajl_alloc(&callbacks, NULL, &rewriting);
        rewriting.out = malloc(len + 1);
        if (!rewriting.handle || !rewriting.out)
                return error_trace(-ENOMEM);

        (void)yajl_config(rewriting.handle, yajl_dont_validate_strings, 1);
        if (yajl_parse(rewriting.handle, (const unsigned char *)text, len) != yajl_status_ok)
                return error_trace(-ENOMEM);

        if (rewriting.n_edits > 0)
                qsort(rewriting.edits, rewriting.n_edits, sizeof(*rewriting.edits), compare_edits);
        copy_edited(&rewriting, (Span) { 0, len });

        *ret_text = TAKE_PTR(rewriting.out);
        *ret_len = rewriting.out_len;
        return 0;
}
