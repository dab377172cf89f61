/* Which of the last answers were failures. */

#include "daemon/policy/answer_window.h"

void answer_window_add(AnswerWindow *window, bool failed) {
        window->failed[1] = window->failed[1] << 1 | window->failed[0] >> 63;
        window->failed[0] = window->failed[0] << 1 | (failed ? 1 : 0);
        if (window->n < ANSWER_WINDOW_SIZE)
                window->n++;
}

/* The lowest @n bits, of which there are at most 64. */
static uint32_t count(uint64_t bits, uint32_t n) {
        uint64_t mask = n < 64 ? (UINT64_C(1) << n) - 1 : UINT64_MAX;

        return (uint32_t)__builtin_popcountll(bits & mask);
}

uint32_t answer_window_failed(const AnswerWindow *window, uint32_t n) {
        if (n <= 64)
                return count(window->failed[0], n);

        return count(window->failed[0], 64) + count(window->failed[1], n - 64);
}
