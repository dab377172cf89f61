#pragma once

#include <bson/bson.h>

#include "common/json.h"

/*
 * Writes a document as relaxed MongoDB Extended JSON, doubles in their shortest exact form (libbson's own
 * writer prints 0.1 as 0.1000000000000000055). Any thread.
 * Source: MongoDB Extended JSON v2 specification, "Relaxed".
 */
void bson_write_json(const bson_t *document, JsonWriter *writer);
