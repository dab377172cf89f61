/* The store's URI: where it is read from, and how it is shown. */

#include "daemon/spec/config_uri.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/spec/config.h"

#define URI_FILE_MAX 4096 /* bytes */

static bool is_secret_option(const char *option, size_t len) {
        static const char *const names[] = {
                "authMechanismProperties=",
                "sslClientCertificateKeyPassword=",
                "tlsCertificateKeyFilePassword=",
        };

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (len > strlen(names[i]) && strncasecmp(option, names[i], strlen(names[i])) == 0)
                        return true;

        return false;
}

/* @options begins with '?'. */
static void write_options(const char *options, FILE *out) {
        for (const char *p = options; *p;) {
                size_t len = 1 + strcspn(p + 1, "&");

                if (is_secret_option(p + 1, len - 1))
                        fprintf(out, "%.*s***", (int)(1 + strcspn(p + 1, "=") + 1), p);
                else
                        fwrite(p, 1, len, out);
                p += len;
        }
}

char *config_uri_hide(const char *uri) {
        const char *authority = strstr(uri, "://"), *at, *colon, *options;
        char *text = NULL;
        size_t size = 0;
        FILE *out;

        if (!authority)
                return strdup(uri);

        authority += strlen("://");
        at = strrchr(authority, '@');
        colon = at ? memchr(authority, ':', (size_t)(at - authority)) : NULL;
        options = strchr(at ? at : authority, '?');
        if (!options)
                options = uri + strlen(uri);

        out = open_memstream(&text, &size);
        if (!out)
                return NULL;

        if (colon)
                fprintf(out, "%.*s:***%.*s", (int)(colon - uri), uri, (int)(options - at), at);
        else
                fprintf(out, "%.*s", (int)(options - uri), uri);
        write_options(options, out);

        if (fclose(out)) {
                free(text);
                return NULL;
        }
        return text;
}

char *config_show(const Config *config, const Option *option) {
        if (strcmp(option->path, "Store.URI") == 0 && config->store.uri)
                return config_uri_hide(config->store.uri);
        if (strcmp(option->path, "Network.Proxy") == 0 && config->network.proxy)
                return config_uri_hide(config->network.proxy);

        return option_text(option, config);
}

/* A relative name is one of the credentials that systemd keeps for the service. */
static int resolve(const char *name, const char *where, char **ret_path, UserError *error) {
        const char *directory = getenv("CREDENTIALS_DIRECTORY");
        char *path;

        if (*name != '/' && !directory)
                return user_error_set(error, where,
                        "write an absolute path, or use LoadCredential= of systemd",
                        "\"%s\" names a credential, and $CREDENTIALS_DIRECTORY is not set", name);

        if (asprintf(&path, "%s%s%s", *name == '/' ? "" : directory, *name == '/' ? "" : "/", name) < 0)
                return -ENOMEM;

        *ret_path = path;
        return 0;
}

static int read_uri(const char *path, const char *where, char **ret_uri, UserError *error) {
        char text[URI_FILE_MAX + 1];
        FILE *file = fopen(path, "re");
        size_t len;
        int failure;

        if (!file)
                return user_error_set(error, where, NULL, "%s: %s", path, strerror(errno));

        len = fread(text, 1, sizeof(text), file);
        failure = ferror(file) ? errno : 0;
        fclose(file);
        if (failure)
                return user_error_set(error, where, NULL, "%s: %s", path, strerror(failure));

        while (len > 0 && strchr(" \t\r\n", text[len - 1]))
                len--;
        if (len == 0 || len > URI_FILE_MAX || memchr(text, '\n', len) || memchr(text, '\0', len))
                return user_error_set(error, where, "write the store's URI and nothing else",
                        "%s does not hold one line", path);

        *ret_uri = strndup(text, len);
        return *ret_uri ? 0 : -ENOMEM;
}

int config_store_uri(const Config *config, char **ret_uri, UserError *error) {
        _cleanup_free_ char *path = NULL;
        const char *where = config_source(config, "Store.URIFile");
        char *uri;
        int r;

        if (config->store.uri) {
                uri = strdup(config->store.uri);
                if (!uri)
                        return -ENOMEM;

                *ret_uri = uri;
                return 0;
        }

        if (!config->store.uri_file)
                return user_error_set(error, NULL,
                        "write URI=sqlite:FILE or URI=mongodb://HOST into [Store], or use --store",
                        "no store is named");

        r = resolve(config->store.uri_file, where, &path, error);
        if (r)
                return r;

        return read_uri(path, where, ret_uri, error);
}
