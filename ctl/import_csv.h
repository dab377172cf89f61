#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/alloc.h"
#include "common/error.h"
#include "common/json.h"

/*
 * CSV as documents (RFC 4180, read strictly). The first row names the members, which stand side by side
 * whatever dots their names have. What import_csv_is_number() calls one becomes a number, any other text a
 * string, an empty cell no member. libcsv does the work; only import_csv.c knows. One thread.
 */

typedef struct ImportCsv ImportCsv;

int import_csv_new(ImportCsv **ret_csv);
ImportCsv *import_csv_free(ImportCsv *csv);
DEFINE_FREEP(ImportCsv, import_csv);

/*
 * Reads on.
 *
 * @text: a string whose first @len bytes are read; the last one of them ends a line, if one does
 * @place: the line of the file that it is on
 * Returns 0; -EINVAL with @error's message and hint filled; -ENOMEM. @error's `where` stays the caller's.
 */
int import_csv_feed(ImportCsv *csv, const char *text, size_t len, size_t place, UserError *error);

/* At the end of the file: the last row may have no line's end. As above. */
int import_csv_finish(ImportCsv *csv, UserError *error);

/*
 * The row that the last call completed, as one line of JSON, or NULL if it completed none. Lives until the
 * next call.
 */
const char *import_csv_row(const ImportCsv *csv, size_t *ret_len);

/*
 * The line of the file on which the row began that the last call completed, or left open, or could not read.
 */
size_t import_csv_place(const ImportCsv *csv);

/*
 * Whether @text is written as JSON writes numbers, and a 64-bit integer or a double can hold it. 007 is none:
 * it is a name, a post code, an account. Pure.
 */
bool import_csv_is_number(const char *text);
