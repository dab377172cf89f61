/* CSV as documents: the adapter of libcsv. */

#include "ctl/import_csv.h"

#include <csv.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "common/option.h"

#define NUMBER_CHARACTERS "0123456789+-.eE"

struct ImportCsv {
        struct csv_parser parser;
        bool parser_ready;
        StringList names; /* of the members, from the first row */
        bool names_read;

        JsonWriter *writer; /* the document of the row that is being read, or was read last */
        bool row_open;      /* some cell of it has come */
        bool row_done;      /* it is complete, for import_csv_row() */
        bool row_begun;     /* something of it has come, if only a part of its first cell */
        size_t row_place;
        size_t n_cells;

        UserError *error; /* for the callbacks, which have no other way to say what went wrong */
        int r;
};

int import_csv_new(ImportCsv **ret_csv) {
        _cleanup_(import_csv_freep) ImportCsv *csv = NULL;

        csv = calloc(1, sizeof(*csv));
        if (!csv)
                return -ENOMEM;

        csv->writer = json_writer_new(false);
        if (!csv->writer)
                return -ENOMEM;

        if (csv_init(&csv->parser, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL))
                return -ENOMEM;
        csv->parser_ready = true;

        *ret_csv = TAKE_PTR(csv);
        return 0;
}

ImportCsv *import_csv_free(ImportCsv *csv) {
        if (!csv)
                return NULL;

        if (csv->parser_ready)
                csv_free(&csv->parser);
        string_list_deinit(&csv->names);
        json_writer_free(csv->writer);
        free(csv);
        return NULL;
}

bool import_csv_is_number(const char *text) {
        _cleanup_(user_error_deinit) UserError ignored = {};
        _cleanup_(json_freep) JsonValue *value = NULL;
        int64_t integer;

        /* Most cells are texts; those need no parser to be told from numbers. */
        if (!*text || text[strspn(text, NUMBER_CHARACTERS)])
                return false;

        if (json_parse(text, strlen(text), &value, &ignored))
                return false;

        return strpbrk(text, ".eE") ? isfinite(strtod(text, NULL)) : json_int(value, &integer) == 0;
}

static bool is_known_name(const ImportCsv *csv, const char *name) {
        for (size_t i = 0; i < csv->names.n; i++)
                if (strcmp(csv->names.items[i], name) == 0)
                        return true;

        return false;
}

static int add_name(ImportCsv *csv, const char *name, size_t len) {
        if (strlen(name) < len)
                return user_error_set(csv->error, NULL, NULL, "a NUL byte");

        if (len == 0)
                return user_error_set(csv->error, NULL, "the first line names the members",
                        "column %zu has no name", csv->names.n + 1);

        if (name[0] == '$')
                return user_error_set(csv->error, NULL, "use another name",
                        "a name that begins with $ means something else in Extended JSON: %s", name);

        if (is_known_name(csv, name))
                return user_error_set(
                        csv->error, NULL, "give each column its own name", "two columns are called %s", name);

        return string_list_add(&csv->names, name);
}

static void open_row(ImportCsv *csv) {
        if (csv->row_open)
                return;

        json_writer_clear(csv->writer);
        json_open_object(csv->writer);
        csv->n_cells = 0;
        csv->row_open = true;
}

static int add_cell(ImportCsv *csv, const char *text, size_t len) {
        open_row(csv);
        if (csv->n_cells == csv->names.n)
                return user_error_set(csv->error, NULL, "put quotes around cells that have commas in them",
                        "more cells than the %zu that the first line names", csv->names.n);

        if (len > 0) {
                json_key(csv->writer, csv->names.items[csv->n_cells]);
                if (strlen(text) == len && import_csv_is_number(text))
                        json_put_raw(csv->writer, text, len);
                else
                        json_put_string_n(csv->writer, text, len);
        }

        csv->n_cells++;
        return 0;
}

static void on_cell(void *cell, size_t len, void *userdata) {
        ImportCsv *csv = userdata;

        if (csv->r)
                return;

        csv->r = csv->names_read ? add_cell(csv, cell, len) : add_name(csv, cell, len);
}

static void on_row(int terminator, void *userdata) {
        ImportCsv *csv = userdata;

        csv->row_begun = false;
        if (csv->r)
                return;

        if (!csv->names_read) {
                csv->names_read = true;
                return;
        }

        open_row(csv);
        json_close_object(csv->writer);
        csv->row_open = false;
        csv->row_done = true;
        if (!json_writer_text(csv->writer, NULL))
                csv->r = -ENOMEM;
}

static int check_parser(ImportCsv *csv, bool stopped) {
        if (csv->r)
                return csv->r;
        if (!stopped)
                return 0;
        if (csv_error(&csv->parser) == CSV_ENOMEM)
                return -ENOMEM;

        return user_error_set(csv->error, NULL,
                "write a quote inside a cell as two, and quotes around that cell",
                "a quote where none can be, or one that is not closed");
}

int import_csv_feed(ImportCsv *csv, const char *text, size_t len, size_t place, UserError *error) {
        size_t n;

        if (!csv->row_begun && strspn(text, "\r\n") < len) {
                csv->row_place = place;
                csv->row_begun = true;
        }

        csv->row_done = false;
        csv->error = error;

        n = csv_parse(&csv->parser, text, len, on_cell, on_row, csv);
        return check_parser(csv, n < len);
}

int import_csv_finish(ImportCsv *csv, UserError *error) {
        int r;

        csv->row_done = false;
        csv->error = error;

        r = csv_fini(&csv->parser, on_cell, on_row, csv);
        return check_parser(csv, r != 0);
}

const char *import_csv_row(const ImportCsv *csv, size_t *ret_len) {
        return csv->row_done ? json_writer_text(csv->writer, ret_len) : NULL;
}

size_t import_csv_place(const ImportCsv *csv) {
        return csv->row_place;
}
