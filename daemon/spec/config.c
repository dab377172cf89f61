/*
 * The daemon's settings from INI files. The library reads the lines; this file counts them for it and refuses
 * those that it would silently read as something else: longer than its buffer, continued, or with a comment
 * behind.
 */

#include "daemon/spec/config.h"

#include <dirent.h>
#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>

#include "daemon/spec/config_apply.h"

#define FILE_DEFAULT "/etc/reqd/reqd.conf"
#define LINE_MAX_BYTES 199 /* libinih's buffer as Debian builds it, without the NUL */
#define BLANKS " \t\r\n"

typedef struct Assignment Assignment;
typedef struct Reading Reading;

struct Assignment {
        char *section;
        char *key;
        char *value; /* may be empty */
        char *where; /* "reqd.conf:14" */
};

/* Everything that was read, in order; applied when all of it could be read. */
struct Reading {
        Assignment *assignments;
        size_t n;

        const char *path; /* of the present file, as it was given */
        FILE *file;
        size_t line;
        char *text; /* the line, getline()'s */
        size_t text_size;

        UserError *error;
        int r; /* why reading stopped */
};

static void assignment_deinit(Assignment *assignment) {
        free(assignment->section);
        free(assignment->key);
        free(assignment->value);
        free(assignment->where);
}

static void reading_deinit(Reading *reading) {
        for (size_t i = 0; i < reading->n; i++)
                assignment_deinit(&reading->assignments[i]);

        free(reading->assignments);
        free(reading->text);
        if (reading->file)
                fclose(reading->file);
}

static char *format_where(const Reading *reading) {
        char *where;

        return asprintf(&where, "%s:%zu", reading->path, reading->line) < 0 ? NULL : where;
}

static int refuse_line(Reading *reading, const char *hint, const char *message) {
        _cleanup_free_ char *where = format_where(reading);

        return user_error_set(reading->error, where, hint, "%s", message);
}

/* @text: without blanks around it, neither empty nor a comment. */
static int check_line(Reading *reading, const char *text, size_t len) {
        if (strlen(text) != len)
                return refuse_line(reading, NULL, "there is a NUL in this line");

        if (len > LINE_MAX_BYTES)
                return refuse_line(reading,
                        "write several assignments, or a long URI into a file that URIFile= names",
                        "this line has more than 199 bytes");

        if (*text == '[' && text[len - 1] != ']')
                return refuse_line(reading, "write [Section] alone on its line", "this is no section");

        if (*text != '[' && text[strcspn(text, "=:")] != '=')
                return refuse_line(
                        reading, "write Key=Value", "this is neither a [Section] nor an assignment");

        if (strstr(text, " ;") || strstr(text, "\t;"))
                return refuse_line(
                        reading, "give the comment a line of its own", "a comment cannot end a line");

        return 0;
}

/*
 * Gives libinih its next line, as fgets() would. Without the blanks in front, which would make it the
 * continuation of the line before; empty for a comment, however long that is.
 */
static char *read_line(char *line, int size, void *stream) {
        Reading *reading = stream;
        ssize_t got = reading->r ? -1 : getline(&reading->text, &reading->text_size, reading->file);
        size_t len = got < 0 ? 0 : (size_t)got, blank;
        const char *text = reading->text;

        if (got < 0)
                return NULL;

        reading->line++;
        if (reading->line == 1 && len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
                text += 3;
                len -= 3;
        }

        while (len > 0 && strchr(BLANKS, text[len - 1]) && text[len - 1])
                len--;
        reading->text[text - reading->text + (ptrdiff_t)len] = '\0';

        blank = strspn(text, BLANKS);
        text += blank;
        len -= blank;
        if (*text == ';' || *text == '#')
                len = 0;
        if (len > 0)
                reading->r = check_line(reading, text, len);

        if (reading->r)
                return NULL;

        snprintf(line, (size_t)size, "%.*s", (int)len, text);
        return line;
}

/* Takes what is in @assignment over, freeing it on failure. */
static int add_assignment(Reading *reading, Assignment assignment) {
        Assignment *assignments = NULL;

        if (assignment.section && assignment.key && assignment.value && assignment.where)
                assignments = reallocarray(reading->assignments, reading->n + 1, sizeof(*assignments));

        if (!assignments) {
                assignment_deinit(&assignment);
                return -ENOMEM;
        }

        assignments[reading->n++] = assignment;
        reading->assignments = assignments;
        return 0;
}

/* libinih's callback: 0 means error. */
static int on_assignment(void *userdata, const char *section, const char *key, const char *value) {
        Reading *reading = userdata;

        if (reading->r == 0 && !*section)
                reading->r = refuse_line(
                        reading, "write [Store] above it", "this stands before the first [Section]");

        if (reading->r == 0)
                reading->r = add_assignment(reading,
                        (Assignment) { strdup(section), strdup(key), strdup(value), format_where(reading) });

        return reading->r == 0;
}

static int read_file(Reading *reading, const char *path, bool optional) {
        int r, failure;
        bool ended;

        reading->path = path;
        reading->line = 0;
        reading->file = fopen(path, "re");
        if (!reading->file)
                return errno == ENOENT && optional ? 0
                                                   : user_error_set(reading->error, path, NULL,
                                                             "cannot be read: %s", strerror(errno));

        r = ini_parse_stream(read_line, reading, on_assignment, reading);
        failure = ferror(reading->file) ? errno : 0;
        ended = feof(reading->file);
        fclose(reading->file);
        reading->file = NULL;

        if (reading->r)
                return reading->r;
        if (failure)
                return user_error_set(reading->error, path, NULL, "cannot be read: %s", strerror(failure));
        if (!ended) /* getline() found no memory, and the rest is not read */
                return error_trace(-ENOMEM);
        if (r == 0)
                return 0;

        reading->line = (size_t)r;
        return refuse_line(reading, "write [Section] or Key=Value", "this line cannot be read");
}

static int is_drop_in(const struct dirent *entry) {
        size_t len = strlen(entry->d_name);

        return entry->d_name[0] != '.' && len > strlen(".conf") &&
               strcmp(entry->d_name + len - strlen(".conf"), ".conf") == 0;
}

/* By bytes: alphasort() would sort by the locale. */
static int compare_names(const struct dirent **left, const struct dirent **right) {
        return strcmp((*left)->d_name, (*right)->d_name);
}

static int read_drop_in(Reading *reading, const char *directory, const char *name) {
        _cleanup_free_ char *path = NULL;

        if (asprintf(&path, "%s/%s", directory, name) < 0) {
                path = NULL;
                return -ENOMEM;
        }

        return read_file(reading, path, false);
}

static int read_drop_ins(Reading *reading, const char *file) {
        _cleanup_free_ char *directory = NULL;
        struct dirent **entries;
        int n, r = 0;

        if (asprintf(&directory, "%s.d", file) < 0) {
                directory = NULL;
                return -ENOMEM;
        }

        n = scandir(directory, &entries, is_drop_in, compare_names);
        if (n < 0)
                return errno == ENOENT ? 0
                                       : user_error_set(reading->error, directory, NULL, "cannot be read: %s",
                                                 strerror(errno));

        for (int i = 0; i < n; i++) {
                if (!r)
                        r = read_drop_in(reading, directory, entries[i]->d_name);
                free(entries[i]);
        }

        free(entries);
        return r;
}

static int apply_all(Config *config, const Reading *reading, UserError *error) {
        for (size_t i = 0; i < reading->n; i++) {
                const Assignment *assignment = &reading->assignments[i];
                int r;

                r = config_apply(config, assignment->section, assignment->key, assignment->value,
                        assignment->where, error);
                if (r)
                        return r;
        }

        return 0;
}

int config_new(const char *file, Config **ret_config, UserError *error) {
        _cleanup_(reading_deinit) Reading reading = { .error = error };
        _cleanup_(config_freep) Config *config = NULL;
        int r;

        config = calloc(1, sizeof(*config));
        if (!config)
                return -ENOMEM;

        r = option_set_defaults(config_options, config);
        if (r)
                return error_trace(r);

        r = read_file(&reading, file ? file : FILE_DEFAULT, !file);
        if (!r)
                r = read_drop_ins(&reading, file ? file : FILE_DEFAULT);
        if (!r)
                r = apply_all(config, &reading, error);
        if (r)
                return r;

        *ret_config = TAKE_PTR(config);
        return 0;
}
