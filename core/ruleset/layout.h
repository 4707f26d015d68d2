/*
 * layout: a rules file in the one way in which rules files are laid out.
 *
 * Keys in a fixed order, two blanks of indentation, one empty line between rules, lists on a line as
 * long as they fit. Every comment stays with what it stood by, and every text keeps its quotes. What
 * the file means does not change: the result is read back and compared before it is given out.
 */
#pragma once

#include "util/buf.h"
#include "util/err.h"
#include "util/str.h"
#include "util/yaml.h"

enum {
	LAYOUT_COLUMNS = 100,
};

/* Appends the laid out @text to @out. -EINVAL with @err (span of the text, place in *ret_at, which
 * may be NULL) when it is not YAML, is no list of items, or uses anchors, aliases or tags, which are
 * left to their author; -ENOMEM. @name is used in messages. */
int layout_rules(const char *name, struct str text, struct buf *out, struct yaml_mark *ret_at,
		 struct err *err);
