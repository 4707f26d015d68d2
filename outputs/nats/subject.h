/*
 * subject: the subject of an alert, made from a pattern such as "gyr.alerts.%source.%priority".
 *
 * Threads: any.
 */
#pragma once

#include <stddef.h>

#include <gyr/abi.h>

enum { SUBJECT_MAX = 512 }; /* bytes, the NUL among them */

/* What is wrong with @pattern, NULL when nothing is: empty tokens, wildcards, blanks, an unknown %word. */
const char *subject_check(const char *pattern);

/* Writes the subject of @a. %priority, %source and %rule become one token each: lower case, whatever
 * a token may not hold becomes "_". -EMSGSIZE when it is longer than @size. */
int subject_make(const char *pattern, const struct gyr_alert *a, char *ret, size_t size);
