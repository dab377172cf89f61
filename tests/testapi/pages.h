#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tests/testapi/api.h"

/*
 * The server's own pages, `/_counters` and its like: never counted, never delayed.
 */

/*
 * Fills in an answer, its body in api->body or else to be streamed. When memory ran out, api->room or
 * api->body says `failed`.
 */
typedef void (*PagesAnswer)(Api *api, Text query, Reply *reply);

/* NULL when the path is not one of them. */
PagesAnswer pages_find(Text path);

/*
 * Adds the next part of the object of ids, the first when *@cursor is 0. Ids that arrive meanwhile are
 * listed too; a reset in between makes the rest meaningless. Returns false with the last part.
 */
bool pages_ids_part(const Counters *counters, uint32_t *cursor, Bytes *part);

void pages_help(FILE *file);
