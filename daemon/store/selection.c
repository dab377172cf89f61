/* Evaluates queries where no server does: the filter, the retry's predicate and the projection. */

#include "daemon/store/selection.h"

#include <errno.h>
#include <string.h>

#include "daemon/store/store_ops.h"

#define COUNT_PAGE_ROWS ((size_t)5000)
#define COUNT_PAGE_BYTES ((size_t)4 * 1024 * 1024)

static int copy_text(const char *text, char **ret_copy) {
        char *copy;

        if (!text)
                return 0;

        copy = strdup(text);
        if (!copy)
                return -ENOMEM;

        *ret_copy = copy;
        return 0;
}

static int copy_fields(Selection *selection, const char *const *fields) {
        size_t n = 0;

        while (fields[n])
                n++;

        selection->fields = calloc(n + 1, sizeof(char *));
        if (!selection->fields)
                return -ENOMEM;

        for (size_t i = 0; i < n; i++) {
                int r = copy_text(fields[i], &selection->fields[i]);

                if (r)
                        return error_trace(r);
        }

        return 0;
}

static int compile_filter(Selection *selection, const bson_t *filter) {
        _cleanup_(user_error_deinit) UserError error = {};
        int r;

        r = matcher_new(filter, &selection->matcher, &error);
        return r == -EINVAL ? STORE_E_REFUSED : error_trace(r);
}

static int copy_query(Selection *selection, const StoreQuery *query) {
        int r;

        selection->kind = query->selection;
        selection->job = query->target.job;
        selection->generation = query->target.generation;
        selection->resume = query->resume;
        selection->retry = query->retry ? bson_copy(query->retry) : NULL;

        r = copy_text(query->target.collection, &selection->collection);
        if (!r)
                r = copy_text(query->target.field, &selection->field);
        if (!r)
                r = copy_text(query->target.meta, &selection->meta);
        if (!r && query->fields)
                r = copy_fields(selection, query->fields);
        if (!r && query->filter && !bson_empty(query->filter))
                r = compile_filter(selection, query->filter);

        return error_trace(r);
}

int selection_new(const StoreQuery *query, Selection **ret_selection) {
        _cleanup_(selection_freep) Selection *selection = calloc(1, sizeof(*selection));
        int r;

        if (!selection)
                return -ENOMEM;

        r = copy_query(selection, query);
        if (r)
                return error_trace(r);

        *ret_selection = TAKE_PTR(selection);
        return 0;
}

Selection *selection_free(Selection *selection) {
        if (!selection)
                return NULL;

        if (selection->fields)
                for (char **field = selection->fields; *field; field++)
                        free(*field);

        free(selection->fields);
        matcher_free(selection->matcher);
        bson_destroy(selection->retry);
        free(selection->meta);
        free(selection->field);
        free(selection->collection);
        free(selection);
        return NULL;
}

bool selection_matches(const Selection *selection, const bson_t *document) {
        return !selection->matcher || matcher_matches(selection->matcher, document);
}

bool selection_find(const bson_t *document, const char *name, bson_iter_t *ret_iter) {
        return bson_iter_init_find(ret_iter, document, name);
}

/* Goes to the elements of one of the retry's lists; false where it has no such list. */
static bool find_list(const bson_t *retry, const char *name, bson_iter_t *ret_element) {
        bson_iter_t list;

        return retry && selection_find(retry, name, &list) && BSON_ITER_HOLDS_ARRAY(&list) &&
               bson_iter_recurse(&list, ret_element);
}

static bool is_listed(bson_iter_t *element, const char *name, int64_t number) {
        while (bson_iter_next(element)) {
                if (BSON_ITER_HOLDS_UTF8(element) && name && strcmp(bson_iter_utf8(element, NULL), name) == 0)
                        return true;
                if (BSON_ITER_HOLDS_NUMBER(element) && !name && bson_iter_as_int64(element) == number)
                        return true;
        }

        return false;
}

bool selection_retries(const Selection *selection, const char *reason, int64_t status) {
        bson_iter_t element;

        if (find_list(selection->retry, "reason", &element) && !is_listed(&element, reason ? reason : "", 0))
                return false;

        return !find_list(selection->retry, "status", &element) || is_listed(&element, NULL, status);
}

static bool is_projected(const Selection *selection, const char *name) {
        if (!selection->fields)
                return true;

        for (char *const *field = selection->fields; *field; field++)
                if (strcmp(*field, name) == 0)
                        return true;

        return false;
}

bool selection_needs(const Selection *selection, const char *name) {
        return selection->matcher || is_projected(selection, name);
}

bson_t *selection_project(const Selection *selection, bson_t *document) {
        bson_t *projected;
        bson_iter_t iter;

        if (!selection->fields && bson_iter_init(&iter, document) && bson_iter_next(&iter) &&
                strcmp(bson_iter_key(&iter), "_id") == 0)
                return document;

        projected = bson_new();
        if (selection_find(document, "_id", &iter))
                bson_append_iter(projected, "_id", 3, &iter);

        if (bson_iter_init(&iter, document))
                while (bson_iter_next(&iter))
                        if (is_projected(selection, bson_iter_key(&iter)) &&
                                strcmp(bson_iter_key(&iter), "_id") != 0)
                                bson_append_iter(projected, NULL, 0, &iter);

        bson_destroy(document);
        return projected;
}

int selection_check_filter(const bson_t *filter, StoreFailure *failure) {
        _cleanup_(user_error_deinit) UserError error = {};
        _cleanup_(matcher_freep) Matcher *matcher = NULL;
        _cleanup_free_ char *text = NULL;
        int r;

        r = matcher_new(filter, &matcher, &error);
        if (r != -EINVAL)
                return error_trace(r);

        text = user_error_format(&error);
        if (!text)
                return -ENOMEM;

        return store_fail(STORE_E_REFUSED, failure, EINVAL, "%s", text);
}

int selection_count(Store *store, const StoreQuery *query, uint64_t *ret_count, StoreFailure *failure) {
        static const char *const id_only[] = { NULL };
        _cleanup_(store_reader_freep) StoreReader *reader = NULL;
        StoreQuery counted = *query;
        uint64_t count = 0;
        bool end = false;
        int r;

        counted.fields = id_only;
        r = store_reader_new(store, &counted, NULL, &reader);
        if (r)
                return store_fail(error_trace(r), failure, EINVAL, "this filter cannot be evaluated");

        while (!end) {
                _cleanup_(store_page_freep) StorePage *page = NULL;

                r = store_reader_next(reader, COUNT_PAGE_ROWS, COUNT_PAGE_BYTES, &page, failure);
                if (r)
                        return error_trace(r);
                count += page->n_rows;
                end = page->end;
        }

        *ret_count = count;
        return 0;
}
