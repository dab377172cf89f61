/* Regular expressions with bounded work; the one place that knows PCRE2. */

#include "daemon/policy/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8

#include <errno.h>
#include <pcre2.h>
#include <stdint.h>
#include <string.h>

#define MATCH_LIMIT UINT32_C(1000000) /* steps: some tens of milliseconds */
#define HEAP_LIMIT_KIB UINT32_C(8192)

struct Pattern {
        pcre2_code *code;
        pcre2_match_context *limits;
};

static bool parse_options(const char *options, uint32_t *ret_flags) {
        static const struct {
                char letter;
                uint32_t flag;
        } letters[] = {
                { 'i', PCRE2_CASELESS },
                { 'm', PCRE2_MULTILINE },
                { 's', PCRE2_DOTALL },
                { 'x', PCRE2_EXTENDED },
                { 'u', PCRE2_UTF },
        };
        uint32_t flags = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;

        for (; *options; options++) {
                size_t i = 0;

                while (i < ELEMENTSOF(letters) && letters[i].letter != *options)
                        i++;
                if (i == ELEMENTSOF(letters))
                        return false;
                flags |= letters[i].flag;
        }

        *ret_flags = flags;
        return true;
}

static int compile(Pattern *pattern, const char *text, uint32_t flags, const char *where, UserError *error) {
        PCRE2_UCHAR message[128];
        PCRE2_SIZE offset;
        int code;

        pattern->code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, flags, &code, &offset, NULL);
        if (pattern->code)
                return 0;

        pcre2_get_error_message(code, message, sizeof(message));
        return user_error_set(error, where, NULL, "the regular expression is wrong at character %zu: %s",
                (size_t)offset + 1, (const char *)message);
}

int pattern_new(
        const char *text, const char *options, const char *where, Pattern **ret_pattern, UserError *error) {
        _cleanup_(pattern_freep) Pattern *pattern = NULL;
        uint32_t flags;
        int r;

        if (!parse_options(options, &flags))
                return user_error_set(error, where, "use any of i, m, s and x",
                        "\"%s\" are not options of a regular expression", options);

        pattern = calloc(1, sizeof(*pattern));
        if (!pattern)
                return -ENOMEM;

        pattern->limits = pcre2_match_context_create(NULL);
        if (!pattern->limits)
                return -ENOMEM;
        pcre2_set_match_limit(pattern->limits, MATCH_LIMIT);
        pcre2_set_heap_limit(pattern->limits, HEAP_LIMIT_KIB);

        r = compile(pattern, text, flags, where, error);
        if (r)
                return error_trace(r);

        *ret_pattern = TAKE_PTR(pattern);
        return 0;
}

Pattern *pattern_free(Pattern *pattern) {
        if (!pattern)
                return NULL;

        pcre2_code_free(pattern->code);
        pcre2_match_context_free(pattern->limits);
        free(pattern);
        return NULL;
}

bool pattern_matches(const Pattern *pattern, const char *text, size_t len) {
        /* Of its own for each match: a Pattern serves several threads. */
        pcre2_match_data *data = pcre2_match_data_create(1, NULL);
        int n;

        if (!data)
                return false;

        n = pcre2_match(pattern->code, (PCRE2_SPTR)text, len, 0, 0, data, pattern->limits);
        pcre2_match_data_free(data);
        return n >= 0;
}
