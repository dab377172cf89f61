/* Reads a file's documents and hands them to the daemon, some at a time. */

#include "ctl/import.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/utf8.h"
#include "ctl/import_batch.h"
#include "ctl/import_csv.h"
#include "ctl/words.h"

#define BOM "\xef\xbb\xbf"

typedef struct Import Import;

struct Import {
        Call *call;
        const char *collection;
        const char *path; /* for messages */
        FILE *file;
        ImportCsv *csv; /* NULL: lines of JSON */
        ImportBatch batch;
        size_t line; /* of the file, from 1 */
        bool begun;  /* a line that is not blank has come */
        int64_t inserted, skipped;
        ExitCode code; /* for a wrong line */
};

static bool is_csv(const Args *args, const char *path) {
        size_t len = strlen(path);

        return args_has(args, "--csv") || (len > 4 && strcmp(path + len - 4, ".csv") == 0);
}

static int open_file(Import *import, const char *path, UserError *error) {
        if (strcmp(path, "-") == 0) {
                import->file = stdin;
                import->path = "standard input";
                return 0;
        }

        import->path = path;
        import->file = fopen(path, "re");
        return import->file ? 0 : user_error_set(error, path, NULL, "%s", strerror(errno));
}

static int import_init(Import *import, Call *call, UserError *error) {
        const char *path = call->args->positionals[1];
        int r;

        *import = (Import) {
                .call = call,
                .collection = call->args->positionals[0],
                .code = EXIT_CODE_USAGE,
        };

        r = open_file(import, path, error);
        if (r)
                return r;

        return is_csv(call->args, path) ? import_csv_new(&import->csv) : 0;
}

static void import_deinit(Import *import) {
        if (import->file && import->file != stdin)
                (void)fclose(import->file);
        import_csv_free(import->csv);
        import_batch_deinit(&import->batch);
}

static const char *documents(int64_t count) {
        return count == 1 ? "document" : "documents";
}

static void show_progress(const Import *import) {
        int64_t n = import->inserted + import->skipped;
        char count[WORDS_SIZE];

        if (output_live())
                fprintf(stderr, "\r%s %s so far\033[K", words_count(n, count), documents(n));
}

/* Says which line of the file @error is about. Returns -EINVAL. */
static int place_error(const Import *import, size_t line, UserError *error) {
        char *where;

        if (asprintf(&where, "%s: line %zu", import->path, line) < 0)
                return -ENOMEM;

        free(error->where);
        error->where = where;
        return -EINVAL;
}

/* The daemon counts the lines of one call. */
static int refuse_reply(Import *import, const VarlinkReply *reply, UserError *error) {
        const char *where = json_get_string(reply->parameters, "where", NULL);
        size_t line;

        import->code = exit_code_for_error(reply->error);
        call_read_error(reply, error);
        if (where && sscanf(where, "line %zu", &line) == 1 && line >= 1 && line <= import->batch.n)
                return place_error(import, import->batch.places[line - 1], error);

        return -EINVAL;
}

static int begin_call(Import *import, UserError *error) {
        JsonWriter *writer = import->call->writer;
        size_t len = 0;

        call_begin(import->call, "Import", false);
        json_member_string(writer, "collection", import->collection);
        json_key(writer, "lines");
        json_put_string_n(writer, import->batch.text, import->batch.len);

        (void)json_writer_text(writer, &len);
        if (len + 2 > VARLINK_IMPORT_MAX) { /* with the braces that close it */
                (void)user_error_set(error, NULL, NULL, "this document is too long");
                return place_error(import, import->batch.places[0], error);
        }

        return 0;
}

static int send_batch(Import *import, UserError *error) {
        _cleanup_(varlink_reply_deinit) VarlinkReply reply = {};
        int r;

        if (import->batch.n == 0)
                return 0;

        r = begin_call(import, error);
        if (r)
                return r;

        r = call_send(import->call);
        if (r)
                return r;

        r = call_receive(import->call, &CLIENT_LIMITS_NONE, &reply);
        if (r)
                return r;

        if (reply.error)
                return refuse_reply(import, &reply, error);

        import->inserted += json_get_int(reply.parameters, "inserted", 0);
        import->skipped += json_get_int(reply.parameters, "skipped", 0);
        import_batch_clear(&import->batch);
        show_progress(import);
        return 0;
}

static int add_line(Import *import, const char *text, size_t len, size_t line, UserError *error) {
        int r;

        if (import_batch_is_full(&import->batch, len)) {
                r = send_batch(import, error);
                if (r)
                        return r;
        }

        return import_batch_add(&import->batch, text, len, line);
}

/* The row that ends with what was just read, if one does. */
static int add_row(Import *import, UserError *error) {
        const char *text;
        size_t len;

        text = import_csv_row(import->csv, &len);
        return text ? add_line(import, text, len, import_csv_place(import->csv), error) : 0;
}

/* Line ends that getline() does not know, the single '\r' of old files, end rows, too: one row at a time. */
static int take_csv(Import *import, const char *text, size_t len, UserError *error) {
        size_t begin = 0;
        int r;

        while (begin < len) {
                const char *end = memchr(text + begin, '\r', len - begin);
                size_t n = end ? (size_t)(end + 1 - (text + begin)) : len - begin;

                r = import_csv_feed(import->csv, text + begin, n, import->line, error);
                if (r == -EINVAL)
                        return place_error(import, import_csv_place(import->csv), error);
                if (!r)
                        r = add_row(import, error);
                if (r)
                        return r;

                begin += n;
        }

        return 0;
}

static int take_json(Import *import, const char *text, size_t len, UserError *error) {
        if (memchr(text, '\0', len)) {
                (void)user_error_set(error, NULL, "write it as \\u0000", "there is a NUL in this line");
                return place_error(import, import->line, error);
        }

        while (len > 0 && strchr(" \t\r\n", text[len - 1]))
                len--;
        while (len > 0 && strchr(" \t", *text)) {
                text++;
                len--;
        }

        if (len == 0)
                return 0;

        if (!import->begun && *text == '[') {
                (void)user_error_set(error, NULL,
                        "one document on a line; jq -c '.[]' makes that of an array", "this is a JSON array");
                return place_error(import, import->line, error);
        }

        import->begun = true;
        return add_line(import, text, len, import->line, error);
}

static int take_line(Import *import, const char *text, size_t len, UserError *error) {
        import->line++;
        if (import->line == 1 && len >= strlen(BOM) && memcmp(text, BOM, strlen(BOM)) == 0) {
                text += strlen(BOM);
                len -= strlen(BOM);
        }

        if (utf8_span(text, len) < len) {
                (void)user_error_set(error, NULL, "iconv -f ISO-8859-1 -t UTF-8 or the like makes it that",
                        "the text is not UTF-8");
                return place_error(import, import->line, error);
        }

        return import->csv ? take_csv(import, text, len, error) : take_json(import, text, len, error);
}

static int finish_csv(Import *import, UserError *error) {
        int r;

        if (!import->csv)
                return 0;

        r = import_csv_finish(import->csv, error);
        if (r == -EINVAL)
                return place_error(import, import_csv_place(import->csv), error);

        return r ? r : add_row(import, error);
}

static int take_file(Import *import, UserError *error) {
        _cleanup_free_ char *text = NULL;
        size_t size = 0;
        ssize_t len;
        int r;

        r = call_connect(import->call); /* before a long file is read for nothing */
        if (r)
                return r;

        while ((len = getline(&text, &size, import->file)) > 0) {
                r = take_line(import, text, (size_t)len, error);
                if (r)
                        return r;
        }

        if (!feof(import->file))
                return user_error_set(error, import->path, NULL, "%s", strerror(errno));

        r = finish_csv(import, error);
        return r ? r : send_batch(import, error);
}

static int print_json(const Import *import) {
        JsonWriter *writer = import->call->writer;
        const char *text;

        json_writer_clear(writer);
        json_open_object(writer);
        json_member_int(writer, "inserted", import->inserted);
        json_member_int(writer, "skipped", import->skipped);
        json_close_object(writer);

        text = json_writer_text(writer, NULL);
        if (!text)
                return -ENOMEM;

        fprintf(import->call->output.out, "%s\n", text);
        return 0;
}

static int print_result(const Import *import) {
        const Output *output = &import->call->output;

        if (output->json)
                return print_json(import);

        fprintf(output->out, "%" PRId64 " %s imported", import->inserted, documents(import->inserted));
        if (import->skipped > 0)
                fprintf(output->out, ", %" PRId64 " skipped: their _id is already there", import->skipped);
        fputc('\n', output->out);
        return 0;
}

/* What stays of an import that did not come to its end. "Wrong usage" promises that nothing was done. */
static int say_stopped(const Import *import, int r, UserError *error) {
        bool wrong_usage = import->code == EXIT_CODE_USAGE;

        if (r == -EINVAL) {
                output_error(error);
                r = (int)(wrong_usage && import->inserted > 0 ? EXIT_CODE_ERROR : import->code);
        } else if (r == EXIT_CODE_UNREACHABLE && import->line > 0) {
                output_message("reqd hung up");
        }

        if (import->inserted > 0)
                output_note("%" PRId64 " %s imported before that", import->inserted,
                        import->inserted == 1 ? "document was" : "documents were");
        return r;
}

int import_run(Call *call) {
        _cleanup_(user_error_deinit) UserError error = {};
        _cleanup_(import_deinit) Import import;
        int r;

        r = import_init(&import, call, &error);
        if (!r)
                r = take_file(&import, &error);

        output_clear_line();
        return r ? say_stopped(&import, r, &error) : print_result(&import);
}
