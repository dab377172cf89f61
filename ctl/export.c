/* Streams a collection into a file, which is there whole or not at all. */

#include "ctl/export.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/interrupt.h"
#include "ctl/words.h"

typedef struct Export Export;

struct Export {
        Call *call;
        const char *path; /* NULL: stdout */
        char *part;       /* written until all is there, then renamed; NULL: written in place */
        FILE *out;
        Interrupt interrupt;
        JsonValue *filter;
        int64_t lines;
};

static void export_deinit(Export *export) {
        if (export->out && export->out != stdout)
                (void)fclose(export->out);
        if (export->part)
                (void)unlink(export->part);
        free(export->part);
        json_free(export->filter);
        interrupt_deinit(&export->interrupt);
}

/* Devices and pipes cannot be replaced, and need not be. */
static bool is_special(const char *path) {
        struct stat st;

        return stat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

static int open_part(Export *export) {
        int fd;

        if (asprintf(&export->part, "%s.%d.part", export->path, (int)getpid()) < 0) {
                export->part = NULL;
                return -ENOMEM;
        }

        fd = open(export->part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd < 0)
                return -errno;

        export->out = fdopen(fd, "w");
        if (!export->out) {
                close(fd);
                return -ENOMEM;
        }

        return interrupt_init(&export->interrupt);
}

static int open_file(Export *export, UserError *error) {
        const Args *args = export->call->args;
        int r = 0;

        export->path = args->n_positionals > 1 ? args->positionals[1] : NULL;
        if (!export->path || strcmp(export->path, "-") == 0) {
                export->path = NULL;
                export->out = stdout;
                return 0;
        }

        if (is_special(export->path)) {
                export->out = fopen(export->path, "we");
                r = export->out ? 0 : -errno;
        } else {
                r = open_part(export);
        }

        return r ? user_error_set(error, export->path, NULL, "%s", strerror(-r)) : 0;
}

static int read_filter(Export *export, UserError *error) {
        const char *filter = args_value(export->call->args, "--filter");
        _cleanup_(user_error_deinit) UserError inner = {};
        int r;

        if (!filter)
                return 0;

        r = json_parse(filter, strlen(filter), &export->filter, &inner);
        if (r == -EINVAL) /* its line would be that of an argument */
                return user_error_set(error, "--filter",
                        "write a JSON object, such as '{\"country\": \"CN\"}'", "%s",
                        inner.message ? inner.message : "not JSON");
        if (r)
                return r;

        if (json_type(export->filter) != JSON_OBJECT)
                return user_error_set(error, "--filter", NULL, "this must be an object, not %s",
                        json_type_name(json_type(export->filter)));

        return 0;
}

static int send_export(Export *export) {
        JsonWriter *writer = export->call->writer;

        call_begin(export->call, "Export", true);
        json_member_string(writer, "collection", export->call->args->positionals[0]);
        if (export->filter) {
                json_key(writer, "filter");
                json_put_value(writer, export->filter);
        }

        return call_send(export->call);
}

static int refuse_write(const Export *export, int errnum) {
        output_message("%s: %s", export->path ? export->path : "standard output", strerror(errnum));
        return EXIT_CODE_ERROR;
}

static int64_t count_lines(const char *lines, size_t len) {
        int64_t n = len > 0 && lines[len - 1] != '\n';

        for (const char *p = strchr(lines, '\n'); p; p = strchr(p + 1, '\n'))
                n++;

        return n;
}

static int write_reply(Export *export, const VarlinkReply *reply) {
        const char *text = json_get_string(reply->parameters, "lines", "");
        size_t len = strlen(text);
        _cleanup_free_ char *dump = NULL;
        bool ended;

        export->lines += count_lines(text, len);
        if (export->call->output.json) {
                dump = reply->parameters ? json_dump(reply->parameters) : strdup("{}");
                if (!dump)
                        return -ENOMEM;
                text = dump;
                len = strlen(dump);
        }

        ended = len == 0 || text[len - 1] == '\n';
        if (fputs(text, export->out) == EOF || (!ended && fputc('\n', export->out) == EOF))
                return refuse_write(export, errno);

        return 0;
}

static int receive_all(Export *export) {
        ClientLimits limits = { .interrupt_fd = export->interrupt.fd };
        bool continues = true;
        int r;

        while (continues) {
                _cleanup_(varlink_reply_deinit) VarlinkReply reply = {};

                r = call_receive(export->call, &limits, &reply);
                if (r == EXIT_CODE_UNREACHABLE)
                        output_message("reqd hung up before all was there");
                if (r)
                        return r;

                if (reply.error)
                        return call_refuse_reply(&reply);

                r = write_reply(export, &reply);
                if (r)
                        return r;

                continues = reply.continues;
        }

        return 0;
}

static int close_out(Export *export) {
        FILE *out = TAKE_PTR(export->out);
        bool written = fflush(out) == 0 && (!export->part || fsync(fileno(out)) == 0);

        if (out != stdout)
                written = fclose(out) == 0 && written;

        if (!written || (export->part && rename(export->part, export->path) < 0))
                return refuse_write(export, errno);

        free(export->part);
        export->part = NULL;
        return 0;
}

static int export_all(Export *export) {
        int r;

        r = send_export(export);
        if (r)
                return r;

        r = receive_all(export);
        if (r)
                return r;

        r = close_out(export);
        if (r)
                return r;

        if (export->path)
                output_note("%" PRId64 " %s exported to %s", export->lines,
                        export->lines == 1 ? "document" : "documents", export->path);
        return 0;
}

int export_run(Call *call) {
        _cleanup_(export_deinit) Export export = { .call = call, .interrupt = INTERRUPT_INIT };
        _cleanup_(user_error_deinit) UserError error = {};
        int r;

        r = read_filter(&export, &error);
        if (!r)
                r = call_connect(call); /* before a file is made for nothing */
        if (!r)
                r = open_file(&export, &error);
        if (r == -EINVAL)
                return call_refuse(&error, EXIT_CODE_USAGE);
        if (r)
                return r;

        return export_all(&export);
}
