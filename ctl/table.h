#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/alloc.h"
#include "ctl/output.h"

/*
 * An aligned table for people. libsmartcols does the work; only table.c knows. Any thread, one at a time
 * for each table.
 */

typedef struct Table Table;
typedef struct TableCell TableCell;
typedef struct TableColumn TableColumn;

struct TableColumn {
        const char *name; /* a table of columns ends with a NULL name */
        bool right;       /* numbers stand to the right */
};

struct TableCell {
        const char *text; /* copied */
        Color color;
};

/* Both return 0 or a negative code. @output is used until table_free(). */
int table_new(const Output *output, const TableColumn *columns, Table **ret_table);
int table_add(Table *table, const TableCell *cells); /* one for each column */
Table *table_free(Table *table);
DEFINE_FREEP(Table, table);

/* Prints it whole. Returns 0 or a negative code. */
int table_print(Table *table);
