/*
 * err: what a person got wrong, and where.
 *
 * Two kinds of failure. A function that fails for a reason no person typed returns a negative errno,
 * which callers forward unchanged. A function that reads rules, conditions, templates, configuration
 * or a manifest also takes a `struct err *`, last: the place that finds the mistake fills it once,
 * with the span of the text at fault; callers may only put context before it.
 *
 * Text: what was being done, the thing, why; lower case, no period, names in single quotes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct err {
	bool is_set;
	size_t offset, len; /* the span at fault, in bytes of the text being read */
	char text[640];
	char hint[200]; /* "did you mean 'x'?"; may be empty */
};

#define ERR_NULL ((struct err){0})

/* As after ERR_NULL, for a place that is passed often and seldom has anything to say. */
static inline void err_clear(struct err *e)
{
	e->is_set = false;
	e->offset = e->len = 0;
	e->text[0] = e->hint[0] = '\0';
}

/* Says what is wrong, unless something was said before: the first mistake is the cause. */
void err_set(struct err *e, size_t offset, size_t len, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

void err_hint(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Puts "context: " before the text. */
void err_context(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
