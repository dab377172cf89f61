#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "common/alloc.h"

/*
 * Documents that go into the store with one call: their lines, and where each stood in the file. One thread.
 */

typedef struct ImportBatch ImportBatch;

#define IMPORT_BATCH_BYTES (1024 * 1024)
#define IMPORT_BATCH_LINES 2000

struct ImportBatch {
        char *text; /* the lines, each ended by '\n'; not NUL-terminated */
        size_t len;
        size_t allocated;
        size_t places[IMPORT_BATCH_LINES]; /* the line of the file on which each one began, from 1 */
        size_t n;
};

void import_batch_deinit(ImportBatch *batch);

/* Whether a line of @len bytes has to wait for the next batch. An empty one takes a line of any length. */
bool import_batch_is_full(const ImportBatch *batch, size_t len);

/* Adds a line, given without its end; it must not be full. 0 or -ENOMEM. */
int import_batch_add(ImportBatch *batch, const char *line, size_t len, size_t place);

/* Forgets the lines and keeps the memory. */
void import_batch_clear(ImportBatch *batch);
