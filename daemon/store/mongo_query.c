/* The filters and projections of reqd's questions to MongoDB, as DESIGN.md words them. */

#include "daemon/store/mongo_query.h"

#include <stdio.h>
#include <string.h>

typedef struct MetaPath MetaPath;

struct MetaPath {
        char text[256];
};

/* "reqd.gen". A name too long for this is cut, and then matches nothing. */
static MetaPath meta(const StoreTarget *target, const char *key) {
        MetaPath path;

        snprintf(path.text, sizeof(path.text), "%s.%s", target->meta, key);
        return path;
}

static void append_pending(bson_t *filter, const StoreTarget *target) {
        bson_t condition;

        BSON_APPEND_DOCUMENT_BEGIN(filter, target->field, &condition);
        BSON_APPEND_BOOL(&condition, "$exists", false);
        bson_append_document_end(filter, &condition);
        BSON_APPEND_DOCUMENT_BEGIN(filter, meta(target, "id").text, &condition);
        BSON_APPEND_OID(&condition, "$ne", &target->job);
        bson_append_document_end(filter, &condition);
}

/* `meta.reason: {$in: [...]}` where @retry has a list of that name. */
static void append_listed(bson_t *filter, const StoreTarget *target, const bson_t *retry, const char *name) {
        bson_iter_t iter;
        bson_t condition;

        if (!bson_iter_init_find(&iter, retry, name))
                return;

        BSON_APPEND_DOCUMENT_BEGIN(filter, meta(target, name).text, &condition);
        bson_append_iter(&condition, "$in", -1, &iter);
        bson_append_document_end(filter, &condition);
}

static void append_failed(bson_t *filter, const StoreTarget *target, const bson_t *retry) {
        bson_t condition;

        BSON_APPEND_OID(filter, meta(target, "id").text, &target->job);
        BSON_APPEND_UTF8(filter, meta(target, "state").text, "failed");
        BSON_APPEND_DOCUMENT_BEGIN(filter, meta(target, "gen").text, &condition);
        BSON_APPEND_INT32(&condition, "$lt", target->generation);
        bson_append_document_end(filter, &condition);

        if (retry) {
                append_listed(filter, target, retry, "reason");
                append_listed(filter, target, retry, "status");
        }
}

/* The user's filter and the selection each keep to themselves: both may have conditions on one field. */
static void append_selected(bson_t *filter, const StoreQuery *query) {
        bool filtered = query->filter && !bson_empty(query->filter);
        bson_t all, part;

        if (!filtered && query->selection == STORE_SELECT_ALL)
                return;

        BSON_APPEND_ARRAY_BEGIN(filter, "$and", &all);
        if (filtered)
                BSON_APPEND_DOCUMENT(&all, "0", query->filter);

        if (query->selection != STORE_SELECT_ALL) {
                BSON_APPEND_DOCUMENT_BEGIN(&all, filtered ? "1" : "0", &part);
                if (query->selection == STORE_SELECT_PENDING)
                        append_pending(&part, &query->target);
                else
                        append_failed(&part, &query->target, query->retry);
                bson_append_document_end(&all, &part);
        }

        bson_append_array_end(filter, &all);
}

static void append_answered(bson_t *filter, const StoreTarget *target) {
        BSON_APPEND_OID(filter, meta(target, "id").text, &target->job);
        BSON_APPEND_INT32(filter, meta(target, "gen").text, target->generation);
}

bool mongo_query_tells_answers(const StoreQuery *query) {
        return query->selection == STORE_SELECT_ANSWERED ||
               (query->resume && query->selection != STORE_SELECT_ALL);
}

void mongo_query_append_filter(bson_t *filter, const StoreQuery *query) {
        const StoreTarget *target = &query->target;
        bson_t any, part;

        if (query->selection == STORE_SELECT_ANSWERED) {
                append_answered(filter, target);
                return;
        }

        if (!mongo_query_tells_answers(query)) {
                append_selected(filter, query);
                return;
        }

        BSON_APPEND_ARRAY_BEGIN(filter, "$or", &any);
        BSON_APPEND_DOCUMENT_BEGIN(&any, "0", &part);
        append_selected(&part, query);
        bson_append_document_end(&any, &part);
        BSON_APPEND_DOCUMENT_BEGIN(&any, "1", &part);
        append_answered(&part, target);
        bson_append_document_end(&any, &part);
        bson_append_array_end(filter, &any);
}

static bool names(const char *const *fields, const char *field) {
        for (; *fields; fields++)
                if (strcmp(*fields, field) == 0)
                        return true;

        return false;
}

bool mongo_query_hides_meta(const StoreQuery *query) {
        return mongo_query_tells_answers(query) && query->fields && !names(query->fields, query->target.meta);
}

void mongo_query_append_projection(bson_t *projection, const StoreQuery *query) {
        static const char *const told[] = { "id", "gen", "state", "reason", "attempts" };

        if (!query->fields)
                return;

        BSON_APPEND_BOOL(projection, "_id", true);
        for (const char *const *field = query->fields; *field; field++)
                if (!bson_has_field(projection, *field))
                        BSON_APPEND_BOOL(projection, *field, true);

        for (size_t i = 0; mongo_query_hides_meta(query) && i < ELEMENTSOF(told); i++)
                BSON_APPEND_BOOL(projection, meta(&query->target, told[i]).text, true);
}

/* ok beats failed within a job, and a later generation an earlier one. */
static void append_nothing_better(bson_t *filter, const StoreTarget *target) {
        bson_t neither, part, condition;

        BSON_APPEND_ARRAY_BEGIN(filter, "$nor", &neither);
        BSON_APPEND_DOCUMENT_BEGIN(&neither, "0", &part);
        BSON_APPEND_OID(&part, meta(target, "id").text, &target->job);
        BSON_APPEND_UTF8(&part, meta(target, "state").text, "ok");
        bson_append_document_end(&neither, &part);
        BSON_APPEND_DOCUMENT_BEGIN(&neither, "1", &part);
        BSON_APPEND_OID(&part, meta(target, "id").text, &target->job);
        BSON_APPEND_DOCUMENT_BEGIN(&part, meta(target, "gen").text, &condition);
        BSON_APPEND_INT32(&condition, "$gt", target->generation);
        bson_append_document_end(&part, &condition);
        bson_append_document_end(&neither, &part);
        bson_append_array_end(filter, &neither);
}

void mongo_query_append_place(
        bson_t *filter, const StoreTarget *target, const bson_value_t *key, bool failed) {
        BSON_APPEND_VALUE(filter, "_id", key);
        if (failed)
                append_nothing_better(filter, target);
}
