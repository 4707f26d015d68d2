/*
 * token: the words of the condition language, recognised at a place in a text.
 *
 * Each function answers how many bytes from the start of @s belong to the token, 0 when there is
 * none there; none of them allocates. Texts may hold any byte.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "util/str.h"

/* Space, tab, backspace, CR, LF. */
bool token_is_blank(char c);

size_t token_blanks(struct str s);

/* A letter, then letters, digits and underscores. */
size_t token_identifier(struct str s);

/* Two or more identifiers with dots between them. */
size_t token_field(struct str s);

/* What may stand between brackets without quotes. */
size_t token_bare_arg(struct str s);

/* A value without quotes. */
size_t token_bare(struct str s);

/* Hexadecimal or decimal number. */
size_t token_number(struct str s);

/* A quoted string with its quotes. It ends at the first same quote that has no backslash directly
 * before it; one that does not end is no token. */
size_t token_quoted(struct str s);
