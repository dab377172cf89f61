/* The server's own pages. */

#include "tests/testapi/pages.h"

#include <string.h>

#define PAGES_PART_SIZE ((size_t)64 << 10)

static void set_body(Api *api, Reply *reply) {
        reply->body = (Body) { .start = bytes_text(&api->body) };
}

static void page_counters(Api *api, _unused_ Text query, Reply *reply) {
        counters_add_json(&api->body, &api->counters);
        set_body(api, reply);
}

static void page_ids(_unused_ Api *api, _unused_ Text query, Reply *reply) {
        reply->streamed = true;
}

static void page_reset(Api *api, _unused_ Text query, Reply *reply) {
        counters_reset(&api->counters);
        page_counters(api, query, reply);
}

/* All or nothing: a wrong value leaves every default as it was. */
static void page_set(Api *api, Text query, Reply *reply) {
        Behaviour defaults = api->defaults;
        Text wrong;
        char *room;
        int r;

        room = bytes_reserve(&api->room, query.len + 1);
        if (!room)
                return;

        r = behaviour_read(&defaults, BEHAVIOUR_DEFAULT, query, room, &wrong);
        if (r) {
                reply->status = 400;
                reply->content_type = RESPONSE_TEXT;
                bytes_add(&api->body, wrong);
                if (r == BEHAVIOUR_E_NAME)
                        bytes_add(&api->body, TEXT(": not one of the parameters that may be defaults\n"));
                else
                        bytes_addf(&api->body, ": not %s\n", behaviour_expected(wrong));
        } else {
                api->defaults = defaults;
                behaviour_add_json(&api->body, &defaults);
        }

        set_body(api, reply);
}

static const struct {
        const char *path;
        PagesAnswer answer;
        const char *argument;
        const char *help;
} pages[] = {
        { "/_counters", page_counters, "", "what was seen since the start or the last reset, as JSON" },
        { "/_ids", page_ids, "", "each id with its number of requests, as one JSON object" },
        { "/_reset", page_reset, "", "zero the counters and forget the ids; defaults stay" },
        { "/_set", page_set, "?NAME=VALUE&...",
                "change defaults from now on; without a query only show them" },
};

PagesAnswer pages_find(Text path) {
        if (!text_starts_with(path, TEXT("/_")))
                return NULL;

        for (size_t i = 0; i < ELEMENTSOF(pages); i++)
                if (text_equal(text_of(pages[i].path), path))
                        return pages[i].answer;

        return NULL;
}

bool pages_ids_part(const Counters *counters, uint32_t *cursor, Bytes *part) {
        const Ids *ids = &counters->ids;

        if (*cursor == 0)
                bytes_add(part, TEXT("{"));

        for (; *cursor < ids->n_entries; (*cursor)++) {
                const IdsEntry *entry = &ids->entries[*cursor];

                if (part->len >= PAGES_PART_SIZE)
                        return true;

                bytes_add(part, *cursor == 0 ? TEXT("\n") : TEXT(",\n"));
                bytes_add_json(part, (Text) { entry->key, entry->len });
                bytes_addf(part, ": %u", entry->n);
        }

        bytes_add(part, TEXT("\n}\n"));
        return false;
}

void pages_help(FILE *file) {
        for (size_t i = 0; i < ELEMENTSOF(pages); i++) {
                int n = (int)(strlen(pages[i].path) + strlen(pages[i].argument));

                fprintf(file, "    %s%s%*s%s\n", pages[i].path, pages[i].argument, n < 26 ? 26 - n : 1, "",
                        pages[i].help);
        }
}
