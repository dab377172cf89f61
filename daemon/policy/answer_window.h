#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * Which of the last answers were failures, one bit each. Pure values, nothing fails; it starts zeroed.
 * Thread: the loop's.
 */

#define ANSWER_WINDOW_SIZE 128

typedef struct AnswerWindow AnswerWindow;

struct AnswerWindow {
        uint64_t failed[2]; /* the latest answer is bit 0 of the first */
        uint32_t n;         /* answers known, at most ANSWER_WINDOW_SIZE */
};

void answer_window_add(AnswerWindow *window, bool failed);

/* How many of the last @n answers are known: fewer than @n at first. */
static inline uint32_t answer_window_known(const AnswerWindow *window, uint32_t n) {
        return window->n < n ? window->n : n;
}

/* How many of the last @n (at most ANSWER_WINDOW_SIZE) failed. */
uint32_t answer_window_failed(const AnswerWindow *window, uint32_t n);
