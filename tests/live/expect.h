/*
 * expect: events as one line of text each, and lines that are expected.
 *
 *	mkdir res=0 path=a mode=0755
 *
 * Parameters stand in their order, all of them; flags by their names, errors by their numbers. In what is
 * expected, a value `*` is anything, {pid} {ppid} {dir} and {0} to {7} are what they say (the last: told->r[]),
 * {text}: told->text. Values have no blanks; a blank, a control byte or one above 126 prints as \xNN.
 */
#pragma once

#include <stddef.h>

#include "watch.h"

/* The line of @evt; at most @size bytes with the NUL. */
void expect_line(const ss_plugin_event *evt, char *line, size_t size);

/* A line `!NAME` says that there is no event of that name.
 * Fails the test unless the process of @seen (its first) has events for all lines of @expected (ending with
 * NULL), in that order; others may lie between. */
void expect_lines(const struct seen *seen, const char *const *expected);

/* Whether a line is what a pattern says. */
int expect_match(const struct seen *seen, const char *pattern, const char *line);

/* All lines of the family to standard error. */
void expect_show(const struct seen *seen);
