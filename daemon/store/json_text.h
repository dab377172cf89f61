#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * What has to be looked for in the text of JSON itself, because its parser hides or allows it.
 * Pure, any thread. utf8_valid() of json_bson.h is here too.
 */

/*
 * Whether an escape names half of a surrogate pair (\ud800 without \udc00 behind it, or the reverse), which
 * is no character. Backslashes outside strings mislead it: the text must turn out to be JSON.
 */
bool json_text_has_lone_surrogate(const char *text, size_t len);

/*
 * What is wrong with the text before its parser is asked: it is not UTF-8, or holds white space that is
 * none in JSON but to the parser. NULL: nothing; else static.
 */
const char *json_text_complaint(const char *text, size_t len);
