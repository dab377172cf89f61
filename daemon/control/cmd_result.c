/* Documents into the store and out of it. */

#include "daemon/control/command.h"

#include <bson/bson.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/spec/filter.h"
#include "daemon/spec/job_spec.h"
#include "daemon/store/bson_json.h"
#include "daemon/store/json_bson.h"

#define IMPORT_DOCUMENTS_MAX 200000 /* of one call; the client sends several */
#define INSERT_AT_ONCE 1000
#define EXPORT_ROWS 1000
#define EXPORT_BYTES (1024u * 1024)
#define BACKLOG_MAX (256u * 1024)

typedef struct Import Import;
typedef struct Export Export;

/* One call's documents: read and inserted on a worker. */
struct Import {
        StoreWork work;
        Call *call;
        const char *collection; /* both are the call's */
        const char *lines;
        bson_t **documents;
        size_t n;
        uint64_t inserted, skipped;
        UserError error; /* of a line that cannot be read */
};

/* A stream of pages: the next one is read when the peer has taken the last. */
struct Export {
        StoreWork work;
        Call *call; /* NULL: nothing more is wanted */
        StoreLink *link;
        StoreReader *reader;
        bson_t *filter;
        bool reading;
        bool rest;         /* the call under way is the last: it only lets go of the reader's cursor */
        JsonWriter *lines; /* of the page that was read, as a JSON string */
        bool end;
};

static int check_collection(const char *collection, UserError *error) {
        int r = option_find(job_spec_options, "collection")->check(collection, error);

        if (r && !error->where)
                error->where = strdup("collection");
        return r;
}

static Import *import_free(Import *import) {
        if (!import)
                return NULL;

        for (size_t i = 0; i < import->n; i++)
                bson_destroy(import->documents[i]);
        free(import->documents);
        user_error_deinit(&import->error);
        free(import);
        return NULL;
}

DEFINE_FREEP(Import, import);

/* bson_new_from_json() by itself takes an array for a document, and the first of two on a line. */
static bson_t *read_document(const char *line, size_t len, bson_error_t *ret_problem) {
        _cleanup_(json_body_deinit) JsonBody body = {};
        char *message = ret_problem->message;

        switch (json_body_parse(line, len, false, &body, message, sizeof(ret_problem->message))) {
        case 0:
                break;
        case JSON_BODY_E_RAW:
                snprintf(message, sizeof(ret_problem->message), "this is JSON that BSON cannot hold");
                return NULL;
        default:
                return NULL;
        }

        if (line[strspn(line, " \t\r")] != '{') {
                snprintf(message, sizeof(ret_problem->message), "this is no object");
                return NULL;
        }

        return bson_new_from_json((const uint8_t *)(body.rewritten ? body.rewritten : line),
                (ssize_t)(body.rewritten ? body.rewritten_len : len), ret_problem);
}

static int read_line(Import *import, const char *line, size_t len, size_t number) {
        bson_error_t problem = {};
        char where[32];
        bson_t *document;

        document = read_document(line, len, &problem);
        if (!document) {
                snprintf(where, sizeof(where), "line %zu", number);
                return user_error_set(&import->error, where, "MongoDB Extended JSON, one document on a line",
                        "%s", *problem.message ? problem.message : "out of memory");
        }

        import->documents[import->n++] = document;
        return 0;
}

static bool is_blank(const char *line, size_t len) {
        return strspn(line, " \t\r") >= len;
}

static int read_lines(Import *import) {
        size_t number = 0, len;

        for (const char *line = import->lines; *line; line += len + (line[len] == '\n')) {
                int r;

                len = strcspn(line, "\n");
                number++;
                if (is_blank(line, len))
                        continue;
                if (import->n == IMPORT_DOCUMENTS_MAX)
                        return user_error_set(&import->error, NULL, "send fewer at once",
                                "more than %d documents in one call", IMPORT_DOCUMENTS_MAX);

                if ((import->n & (import->n - 1)) == 0) { /* room for twice as many at each power of two */
                        bson_t **more =
                                reallocarray(import->documents, import->n ? import->n * 2 : 1, sizeof(*more));

                        if (!more)
                                return -ENOMEM;
                        import->documents = more;
                }

                r = read_line(import, line, len, number);
                if (r)
                        return r;
        }

        return 0;
}

static int run_import(StoreWork *work, Store *store) {
        Import *import = (Import *)work;
        int r;

        r = read_lines(import);
        for (size_t i = 0; !r && i < import->n; i += INSERT_AT_ONCE) {
                size_t n = import->n - i < INSERT_AT_ONCE ? import->n - i : INSERT_AT_ONCE;
                uint64_t inserted, skipped;

                r = store_import(store, import->collection, import->documents + i, n, &inserted, &skipped,
                        &work->failure);
                if (r)
                        break;
                import->inserted += inserted;
                import->skipped += skipped;
        }

        return r;
}

static int store_error(const StoreWork *work, int r, UserError *error) {
        if (error->message) /* a line that cannot be read */
                return r;

        user_error_set(error, NULL, NULL, "the store %s: %s",
                r == STORE_E_AWAY ? "does not answer" : "refuses", work->failure.message);
        return r == STORE_E_AWAY ? REGISTRY_E_AWAY : REGISTRY_E_REFUSED;
}

static void import_done(StoreWork *work, int r) {
        _cleanup_(import_freep) Import *import = (Import *)work;
        JsonWriter *writer;

        if (r) {
                call_fail(import->call, store_error(work, r, &import->error), &import->error);
                return;
        }

        writer = call_begin(import->call);
        json_member_uint(writer, "inserted", import->inserted);
        json_member_uint(writer, "skipped", import->skipped);
        call_reply(import->call, false);
}

static void import_drop(StoreWork *work) {
        import_done(work, -ECANCELED);
}

void cmd_import(Call *call) {
        _cleanup_(user_error_deinit) UserError error = {};
        _cleanup_(import_freep) Import *import = calloc(1, sizeof(*import));
        int r = import ? 0 : -ENOMEM;

        if (!r)
                r = check_collection(call_string(call, "collection"), &error);
        if (r) {
                call_fail(call, r, &error);
                return;
        }

        import->collection = call_string(call, "collection");
        import->lines = call_string(call, "lines");

        import->work =
                (StoreWork) { .run = run_import, .done = import_done, .drop = import_drop, .once = true };
        import->call = call;
        store_link_submit(&call->control->registry->link, WORK_CLIENT, &TAKE_PTR(import)->work);
}

static Export *export_free(Export *export) {
        if (!export)
                return NULL;

        store_reader_free(export->reader);
        if (export->filter)
                bson_destroy(export->filter);
        json_writer_free(export->lines);
        free(export);
        return NULL;
}

DEFINE_FREEP(Export, export);

/* Writes the page as one JSON string of Extended JSON lines. Returns 0 or -ENOMEM. */
static int write_lines(const StorePage *page, JsonWriter *lines) {
        _cleanup_(json_writer_freep) JsonWriter *writer = json_writer_new(false);
        _cleanup_free_ char *text = NULL;
        size_t len;
        FILE *stream = open_memstream(&text, &len);

        for (size_t i = 0; stream && writer && i < page->n_rows; i++) {
                const char *document;

                json_writer_clear(writer);
                bson_write_json(page->rows[i].document, writer);
                document = json_writer_text(writer, NULL);
                fprintf(stream, "%s\n", document ? document : "{}");
        }

        if (!stream || fclose(stream) || !writer)
                return -ENOMEM;

        json_writer_clear(lines);
        json_put_string_n(lines, text, len);
        return json_writer_text(lines, NULL) ? 0 : -ENOMEM;
}

static int run_export(StoreWork *work, Store *store) {
        _cleanup_(store_page_freep) StorePage *page = NULL;
        Export *export = (Export *)work;
        int r;

        if (export->rest) {
                store_reader_rest(export->reader);
                return 0;
        }

        r = store_reader_next(export->reader, EXPORT_ROWS, EXPORT_BYTES, &page, &work->failure);
        if (r)
                return r;

        export->end = page->end;
        return write_lines(page, export->lines);
}

static void submit(Export *export, bool rest) {
        export->reading = true;
        export->rest = rest;
        export->work.once = !rest; /* a rest waits for the store, as in scan.c */
        store_link_submit(export->link, WORK_CLIENT, &export->work);
}

static void export_next(Export *export) {
        if (!export->reading)
                submit(export, false);
}

/*
 * Nothing more is wanted: the export is freed once its reader is at rest, which may take a word with the
 * server.
 */
static void export_leave(Export *export) {
        export->call = NULL;
        if (!export->reading)
                submit(export, true);
}

static void send_page(Export *export) {
        Call *call = export->call;
        bool end = export->end;
        JsonWriter *writer;
        size_t len;
        const char *lines = json_writer_text(export->lines, &len);

        writer = call_begin(call);
        json_key(writer, "lines");
        json_put_raw(writer, lines, len);
        if (end)
                export_leave(export);
        call_reply(call, !end);
        if (!end && call_backlog(call) <= BACKLOG_MAX)
                export_next(export);
}

static void export_done(StoreWork *work, int r) {
        _cleanup_(user_error_deinit) UserError error = {};
        Export *export = (Export *)work;
        Call *call = export->call;

        export->reading = false;
        if (export->rest)
                export_free(export);
        else if (!call)
                export_leave(export);
        else if (!r)
                send_page(export);
        else {
                r = store_error(work, r, &error);
                export_leave(export);
                call_fail(call, r, &error);
        }
}

static void on_drained(Call *call) {
        export_next(call->userdata);
}

static void on_gone(Call *call) {
        export_leave(call->userdata);
        call_free(call);
}

static void export_drop(StoreWork *work) {
        export_free((Export *)work);
}

static int open_reader(Export *export, Store *store, const StoreQuery *query, UserError *error) {
        StoreFailure failure = {};
        int r;

        r = store_reader_new(store, query, NULL, &export->reader);
        if (r != STORE_E_REFUSED)
                return r;

        /* The stores that look at a filter so early have no server to wait for. */
        (void)store_check_filter(store, query->target.collection, query->filter, &failure);
        return user_error_set(error, "filter", NULL, "%s", failure.message);
}

static int export_new(Call *call, Export **ret_export, UserError *error) {
        _cleanup_(export_freep) Export *export = calloc(1, sizeof(*export));
        StoreQuery query = { .selection = STORE_SELECT_ALL,
                .target.collection = call_string(call, "collection") };
        int r;

        if (!export)
                return -ENOMEM;

        r = check_collection(query.target.collection, error);
        if (!r && call_parameter(call, "filter"))
                r = filter_parse(call_parameter(call, "filter"), &export->filter, error);
        if (r)
                return r;

        export->lines = json_writer_new(false);
        if (!export->lines)
                return -ENOMEM;

        query.filter = export->filter;
        r = open_reader(export, call->control->registry->link.store, &query, error);
        if (r)
                return r;

        export->work = (StoreWork) { .run = run_export, .done = export_done, .drop = export_drop };
        export->call = call;
        export->link = &call->control->registry->link;
        *ret_export = TAKE_PTR(export);
        return 0;
}

void cmd_export(Call *call) {
        _cleanup_(user_error_deinit) UserError error = {};
        Export *export;
        int r;

        r = export_new(call, &export, &error);
        if (r) {
                call_fail(call, r, &error);
                return;
        }

        call->userdata = export;
        call->gone = on_gone;
        call->drained = on_drained;
        export_next(export);
}
