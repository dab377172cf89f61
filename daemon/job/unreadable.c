/* Job records that nobody understands. */

#include "daemon/job/unreadable.h"

#include <string.h>

#include "common/event.h"

static char *name_of(const bson_t *record) {
        bson_iter_t iter;

        return strdup(bson_iter_init_find(&iter, record, "name") && BSON_ITER_HOLDS_UTF8(&iter)
                              ? bson_iter_utf8(&iter, NULL)
                              : "");
}

static char *id_of(const bson_t *record) {
        bson_t alone = BSON_INITIALIZER;
        bson_iter_t iter;
        char text[25], *json, *id;

        if (!bson_iter_init_find(&iter, record, "_id"))
                return strdup("");
        if (BSON_ITER_HOLDS_OID(&iter)) {
                bson_oid_to_string(bson_iter_oid(&iter), text);
                return strdup(text);
        }

        bson_append_iter(&alone, "_id", -1, &iter);
        json = bson_as_relaxed_extended_json(&alone, NULL);
        id = strdup(json ? json : "");
        bson_free(json);
        bson_destroy(&alone);
        return id;
}

static void tell(const Unreadable *record) {
        LogEntry entry;

        log_entry_begin(&entry, &events[EVENT_JOB_UNREADABLE]);
        log_field(&entry, "JOB", "%s", record->name);
        log_field(&entry, "JOB_ID", "%s", record->id);
        log_entry_send(&entry, "job %s (%s) is left alone, its record is not understood: %s", record->name,
                record->id, record->why);
}

static void unreadable_free(Unreadable *record) {
        free(record->name);
        free(record->id);
        free(record->why);
        free(record);
}

void unreadable_add(UnreadableList *list, const bson_t *record, const char *why) {
        Unreadable *unreadable = calloc(1, sizeof(*unreadable));

        if (!unreadable)
                return;

        unreadable->name = name_of(record);
        unreadable->id = id_of(record);
        unreadable->why = strdup(why);
        if (!unreadable->name || !unreadable->id || !unreadable->why) {
                unreadable_free(unreadable);
                return;
        }

        tell(unreadable);
        TAILQ_INSERT_TAIL(list, unreadable, entry);
}

const Unreadable *unreadable_find(const UnreadableList *list, const char *name) {
        const Unreadable *unreadable;

        TAILQ_FOREACH(unreadable, list, entry)
                if (strcmp(unreadable->name, name) == 0 || strcmp(unreadable->id, name) == 0)
                        return unreadable;

        return NULL;
}

void unreadable_clear(UnreadableList *list) {
        Unreadable *unreadable;

        while ((unreadable = TAILQ_FIRST(list))) {
                TAILQ_REMOVE(list, unreadable, entry);
                unreadable_free(unreadable);
        }
}
