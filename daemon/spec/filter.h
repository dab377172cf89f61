#pragma once

#include <bson/bson.h>

#include "common/error.h"
#include "common/json.h"

/*
 * A MongoDB filter from JSON. Values are Extended JSON ({"$oid": ..}, {"$date": ..}); all other words with a
 * $ are the filter's own. bson_new_from_json() by itself takes the operators $type and $regex for the old
 * spelling of a binary or a regular expression, and fails over {"$type": 2}. Pure, any thread.
 */

/*
 * @object: a JSON object. Returns 0 and a document to be freed by bson_destroy(); -EINVAL with @error filled
 * (`where`: "filter"); -ENOMEM.
 */
int filter_parse(const JsonValue *object, bson_t **ret_filter, UserError *error);
