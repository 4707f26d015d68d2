/*
 * utf8: finding what is and what is not UTF-8 (RFC 3629; substitution as in Unicode 15, 3.9 U+FFFD).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Length of the sequence at @p (1 to 4), of which @len > 0 bytes are there. When it is not valid:
 * 0, and *ret_bad is the length of the maximal invalid subpart, at least 1. */
size_t utf8_next(const char *p, size_t len, size_t *ret_bad);

/* The number of the character of @len bytes at @p when it ends a line or governs how others are shown:
 * a control character past ASCII, a line or paragraph separator, a mark that turns the direction of
 * text. 0 for all others. */
unsigned utf8_control(const char *p, size_t len);

/* Whether all @len bytes are valid UTF-8. */
bool utf8_valid(const char *p, size_t len);
