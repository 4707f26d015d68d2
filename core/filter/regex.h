/*
 * regex: POSIX extended expressions that match a whole value, in time linear in its length.
 *
 * Expressions are RE2's POSIX syntax: leftmost-longest, bracket classes, no \d \w \b, no (?i);
 * "." does not match a newline. Bytes that are not UTF-8 are seen as U+FFFD, one for each maximal
 * invalid run.
 *
 * Threads: a compiled expression may be used by any number of threads.
 */
#pragma once

#include <stdbool.h>

#include "util/err.h"
#include "util/str.h"

struct regex;

enum {
	REGEX_PATTERN_MAX = 64 * 1024,      /* bytes of an expression */
	REGEX_MEMORY_MAX = 8 * 1024 * 1024, /* bytes of automaton an expression may need */
};

/* Compiles @pattern. -EINVAL with @err; -ENOMEM. */
int regex_new(struct str pattern, struct regex **ret_regex, struct err *err);
struct regex *regex_free(struct regex *r);

/* Whether the whole of @text matches; @text must be valid UTF-8 (regex_clean() makes it so). */
bool regex_match(const struct regex *r, struct str text);
