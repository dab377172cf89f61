#pragma once

#include <stddef.h>

/*
 * Takes the text of equal keys out of JSON: each key keeps the place where it came first and the value
 * that came last. All other text stays as it is, numbers and escapes included. Pure, any thread, n log n.
 */

/*
 * @text: valid JSON of at most JSON_DEPTH_MAX levels. @ret_text: not NUL-terminated, for the caller to free.
 * Returns 0 or -ENOMEM.
 */
int json_rewrite(const char *text, size_t len, char **ret_text, size_t *ret_len);
