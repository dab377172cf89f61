/* What is said, in one line or a list, about the reply of a command. */

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "ctl/output.h"
#include "ctl/table.h"
#include "ctl/words.h"

void output_text_state(const Output *output, const JobView *job) {
        Color color = output_state_color(job->state);

        fprintf(output->out, "%s: %s%s%s%s%s%s", job->name, output_color(output, color), job->state,
                output_color_end(output, color), job->reason ? " (" : "", job->reason ? job->reason : "",
                job->reason ? ")" : "");
}

int output_text_job(const Output *output, const JsonValue *parameters) {
        JobView job = job_view_read(json_get(parameters, "job"));

        output_text_state(output, &job);
        if (!job_view_is(&job, "running") && job.in_flight > 0)
                fprintf(output->out, "; %" PRId64 " in flight will end and be stored", job.in_flight);

        fputc('\n', output->out);
        return 0;
}

int output_text_retry(const Output *output, const JsonValue *parameters) {
        JobView job = job_view_read(json_get(parameters, "job"));

        output_text_state(output, &job);
        fprintf(output->out, ", generation %" PRId64 "; follow with: reqctl wait %s\n", job.generation,
                job.name);
        return 0;
}

int output_text_set(const Output *output, const JsonValue *parameters) {
        JobView job = job_view_read(json_get(parameters, "job"));
        char rate[WORDS_SIZE];

        output_text_state(output, &job);
        if (job.concurrency >= 0)
                fprintf(output->out, ", concurrency %" PRId64, job.concurrency);
        if (job.concurrency_set > job.concurrency)
                fprintf(output->out, " (of %" PRId64 "; MaxInFlight= allows no more)", job.concurrency_set);
        fprintf(output->out, ", rate %s\n", job.rate >= 0 ? words_rate(job.rate, rate) : "none");
        return 0;
}

int output_text_show(const Output *output, const JsonValue *parameters) {
        _cleanup_(json_writer_freep) JsonWriter *writer = json_writer_new(true);
        const JsonValue *effective = json_get(parameters, "effective");
        const char *text;
        size_t len;

        if (!writer)
                return -ENOMEM;

        if (effective)
                json_put_value(writer, effective);
        else
                json_put_null(writer);

        text = json_writer_text(writer, &len);
        if (!text)
                return -ENOMEM;

        fprintf(output->out, "%s%s", text, len > 0 && text[len - 1] == '\n' ? "" : "\n");
        return 0;
}

const JsonValue *output_list(const JsonValue *parameters, const char *name) {
        const JsonValue *list = json_get(parameters, name);

        return list && json_type(list) == JSON_ARRAY ? list : NULL;
}

static const TableColumn config_columns[] = { { "SETTING" }, { "VALUE" }, { "SOURCE" }, {} };

int output_text_config(const Output *output, const JsonValue *parameters) {
        const JsonValue *settings = output_list(parameters, "settings");
        _cleanup_(table_freep) Table *table = NULL;
        int r;

        r = table_new(output, config_columns, &table);
        if (r)
                return error_trace(r);

        for (size_t i = 0; settings && i < json_size(settings); i++) {
                const JsonValue *setting = json_at(settings, i);

                r = table_add(table, (const TableCell[]) {
                                             { json_get_string(setting, "name", ""), COLOR_NONE },
                                             { json_get_string(setting, "value", ""), COLOR_NONE },
                                             { json_get_string(setting, "source", ""), COLOR_NONE },
                                     });
                if (r)
                        return error_trace(r);
        }

        return table_print(table);
}
