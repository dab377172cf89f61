/* Sets of HTTP statuses, and what is retried. */

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "daemon/spec/job_spec.h"
#include "daemon/spec/reason.h"

static void add(StatusSet *set, int status) {
        set->bits[status / 64] |= UINT64_C(1) << (status % 64);
}

int status_set_add(StatusSet *set, const char *text) {
        int hundreds;

        if (strlen(text) != 3 || text[0] < '1' || text[0] > '5')
                return -EINVAL;

        hundreds = (text[0] - '0') * 100;

        if (strcasecmp(text + 1, "xx") == 0) {
                for (int i = 0; i < 100; i++)
                        add(set, hundreds + i);
                return 0;
        }

        if (!isdigit((unsigned char)text[1]) || !isdigit((unsigned char)text[2]))
                return -EINVAL;

        add(set, hundreds + (text[1] - '0') * 10 + (text[2] - '0'));
        return 0;
}

bool status_set_has(const StatusSet *set, int status) {
        if (status < 0 || status >= (int)sizeof(set->bits) * 8)
                return false;

        return (set->bits[status / 64] >> (status % 64)) & 1;
}

/* Statuses have reasons of their own (http_status), and others are never worth another attempt. */
static int add_retried(RetryOn *on, const char *text) {
        static const uint32_t allowed = UINT32_C(1) << REASON_TIMEOUT | UINT32_C(1) << REASON_CONNECT |
                                        UINT32_C(1) << REASON_DNS | UINT32_C(1) << REASON_TLS |
                                        UINT32_C(1) << REASON_PROTOCOL;
        uint32_t reason;

        if (status_set_add(&on->statuses, text) == 0)
                return 0;

        reason = UINT32_C(1) << reason_parse(text);
        if (!(reason & allowed))
                return -EINVAL;

        on->reasons |= reason;
        return 0;
}

int retry_on_parse(const StringList *items, RetryOn *ret_on) {
        static const char *const defaults[] = { "408", "425", "429", "5xx", "timeout", "connect", "dns" };
        const char *const *texts = items->n ? (const char *const *)items->items : defaults;
        size_t n = items->n ? items->n : ELEMENTSOF(defaults);
        RetryOn on = { .written_out = items->n > 0 };

        for (size_t i = 0; i < n; i++)
                if (add_retried(&on, texts[i]))
                        return -EINVAL;

        *ret_on = on;
        return 0;
}
