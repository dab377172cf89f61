/* A job's failures in groups. */

#include "ctl/errors.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ctl/table.h"
#include "ctl/words.h"

static const TableColumn columns[] = {
        { "REASON" },
        { "STATUS", .right = true },
        { "DOCUMENTS", .right = true },
        { "WHAT HAPPENED" },
        {},
};

static const char *format_status(const JsonValue *value, char *text) {
        int64_t status = json_get_int(value, "status", 0);

        text[0] = '\0';
        if (status)
                snprintf(text, WORDS_SIZE, "%" PRId64, status);
        return text;
}

static int add_group(Table *table, const JsonValue *group) {
        char status[WORDS_SIZE], count[WORDS_SIZE];

        return table_add(table, (const TableCell[]) {
                                        { json_get_string(group, "reason", "?"), COLOR_STRONG },
                                        { format_status(group, status), COLOR_NONE },
                                        { words_count(json_get_int(group, "count", 0), count), COLOR_BAD },
                                        { json_get_string(group, "help", ""), COLOR_NONE },
                                });
}

static void print_example(const Output *output, const JsonValue *example) {
        const JsonValue *document = json_get(example, "document");
        _cleanup_free_ char *id = document ? json_dump(document) : NULL;
        _cleanup_free_ char *error = output_foreign(json_get_string(example, "error", NULL));
        int64_t attempts = json_get_int(example, "attempts", 0);
        char status[WORDS_SIZE];

        fprintf(output->out, "  %s  ", id ? id : "?");
        if (*format_status(example, status))
                fprintf(output->out, "status %s, ", status);
        fprintf(output->out, "%" PRId64 " %s%s%s\n", attempts, attempts == 1 ? "attempt" : "attempts",
                error ? ": " : "", error ? error : "");
}

/* The remedy with the job's name in the places that it leaves for it. */
static void print_remedy(const Output *output, const char *remedy, const char *job) {
        const char *place;

        fputs("  What to do: ", output->out);
        while ((place = strstr(remedy, "JOB"))) {
                fprintf(output->out, "%.*s%s", (int)(place - remedy), remedy, job);
                remedy = place + strlen("JOB");
        }
        fprintf(output->out, "%s\n", remedy);
}

static void print_group(const Output *output, const JsonValue *group, const char *job) {
        const JsonValue *examples = output_list(group, "examples");
        char status[WORDS_SIZE];

        fprintf(output->out, "\n%s%s%s%s%s\n", output_color(output, COLOR_STRONG),
                json_get_string(group, "reason", "?"), *format_status(group, status) ? " " : "", status,
                output_color_end(output, COLOR_STRONG));
        for (size_t i = 0; examples && i < json_size(examples); i++)
                print_example(output, json_at(examples, i));
        print_remedy(output, json_get_string(group, "remedy", ""), job);
}

int errors_print(const Output *output, const JsonValue *parameters) {
        const JsonValue *groups = output_list(parameters, "groups");
        const char *job = json_get_string(parameters, "job", "?");
        _cleanup_(table_freep) Table *table = NULL;
        int r;

        if (!groups || json_size(groups) == 0) {
                fprintf(output->out, "%s: no document has failed\n", job);
                return 0;
        }

        r = table_new(output, columns, &table);
        for (size_t i = 0; !r && i < json_size(groups); i++)
                r = add_group(table, json_at(groups, i));
        if (!r)
                r = table_print(table);
        if (r)
                return error_trace(r);

        for (size_t i = 0; i < json_size(groups); i++)
                print_group(output, json_at(groups, i), job);
        return 0;
}
