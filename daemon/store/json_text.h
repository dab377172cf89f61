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

/* Whether a vertical tab or form feed is in it: white space to the parser, an error anywhere in JSON. */
bool json_text_has_foreign_space(const char *text, size_t len);
