/* The adapter of libsmartcols. */

#include "ctl/table.h"

#include <errno.h>
#include <libsmartcols.h>

struct Table {
        const Output *output;
        struct libscols_table *scols;
        size_t n_columns;
};

Table *table_free(Table *table) {
        if (!table)
                return NULL;

        scols_unref_table(table->scols);
        free(table);
        return NULL;
}

int table_new(const Output *output, const TableColumn *columns, Table **ret_table) {
        _cleanup_(table_freep) Table *table = NULL;

        table = calloc(1, sizeof(*table));
        if (!table)
                return -ENOMEM;

        table->output = output;
        table->scols = scols_new_table();
        if (!table->scols)
                return -ENOMEM;

        scols_table_set_stream(table->scols, output->out);
        scols_table_enable_colors(table->scols, output->color);

        for (const TableColumn *column = columns; column->name; column++, table->n_columns++)
                if (!scols_table_new_column(
                            table->scols, column->name, 0, column->right ? SCOLS_FL_RIGHT : 0))
                        return -ENOMEM;

        *ret_table = TAKE_PTR(table);
        return 0;
}

int table_add(Table *table, const TableCell *cells) {
        struct libscols_line *line = scols_table_new_line(table->scols, NULL);
        int r;

        if (!line)
                return -ENOMEM;

        for (size_t i = 0; i < table->n_columns; i++) {
                r = scols_line_set_data(line, i, cells[i].text);
                if (r)
                        return r;

                if (cells[i].color == COLOR_NONE)
                        continue;

                r = scols_cell_set_color(
                        scols_line_get_cell(line, i), output_color(table->output, cells[i].color));
                if (r)
                        return r;
        }

        return 0;
}

int table_print(Table *table) {
        return scols_print_table(table->scols);
}
