#pragma once

#include <stddef.h>

/*
 * What has to be looked for in the text of JSON itself, because its parser hides or allows it. Pure, any
 * thread.
 */

/*
 * The first escape that names half of a surrogate pair (\ud800 without \udc00 behind it, or the reverse), which
 * is no character; NULL if there is none. Backslashes outside strings mislead it: the text must turn out to be
 * JSON.
 */
const char *json_text_lone_surrogate(const char *text, size_t len);

/*
 * What is wrong with the text before its parser is asked: it is not UTF-8, or holds white space that is
 * none in JSON but to the parser; static. @ret_offset: of the first such byte, in bytes. NULL: nothing.
 */
const char *json_text_complaint(const char *text, size_t len, size_t *ret_offset);
