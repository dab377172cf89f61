#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * Numbers in human words. Each writes into @text, which has WORDS_SIZE bytes, and returns it, so that it
 * can stand inside a printf. Pure, any thread.
 */

#define WORDS_SIZE 40

/* "0.4s", "36s", "3m 21s", "2h 5m", "3d 4h"; @seconds below 0 counts as 0. */
char *words_duration(double seconds, char *text);

/* "52,000" */
char *words_count(int64_t count, char *text);

/* "498/s", "4.2/s", "0/s" */
char *words_rate(double per_second, char *text);

/* A number of 0 or more, short: at most one digit after the point, none from 10 on, one digit below 1. */
char *words_number(double number, char *text);
