#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/option.h"

/* What the option files share: where a setting lies, and numbers as text. */

#define NUMBER_TEXT_SIZE 48

/* The place of a setting in its struct, as the row's type has it. */
#define OPTION_FIELD(_type, _option, _settings) ((_type *)(void *)((char *)(_settings) + (_option)->offset))
#define OPTION_CONST_FIELD(_type, _option, _settings)                                                        \
        ((const _type *)(const void *)((const char *)(_settings) + (_option)->offset))

/* OPTION_COUNT, SIZE, DURATION: -EINVAL with @error's message and hint filled. */
int number_parse(OptionType type, const char *text, uint64_t *ret_number, UserError *error);

/* The same backwards, exactly; @text has NUMBER_TEXT_SIZE bytes. Return @text. */
char *number_format(OptionType type, uint64_t number, char *text);
char *rate_format(double per_second, char *text);
char *share_format(const CountOrShare *share, char *text);

/* Whether options_write_json() leaves the row out. */
bool option_is_absent(const Option *option, const void *settings);

/* Says that the row's meaning comes later. Returns -EINVAL. */
int option_refuse_later(const Option *option, const char *where, UserError *error);

/* Runs the row's own rule. 0, or -EINVAL with `where` of @error filled as well. */
int option_check(const Option *option, const char *text, const char *where, UserError *error);

/* Tells where, if an error was filled without that. Returns -EINVAL. */
int user_error_place(UserError *error, const char *where);
