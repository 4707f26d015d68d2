/*
 * remark: the comments of a YAML file, which its parser does not keep.
 *
 * Lifetime: texts point into the file. Threads: one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "util/str.h"
#include "util/yaml.h"

struct remark {
	size_t offset;
	struct str text;                /* from '#' on, without the end of the line */
	bool own_line;                  /* nothing else stands on its line */
	bool after_blank, before_blank; /* an empty line stands before it; after it */
	bool is_used;
};

struct remarks {
	struct remark *items; /* in order */
	uint32_t n, cap;
	bool has_markup; /* an anchor, alias or tag stands in the file, at markup_at */
	size_t markup_at;
};

/* Finds all comments of @file. -ENOMEM. */
int remarks_find(const struct yaml_file *file, struct remarks *ret_remarks);
void remarks_deinit(struct remarks *r);

/* The next unused comment on a line of its own in [from, to), now used; NULL when there is none. */
const struct remark *remarks_take(struct remarks *r, size_t from, size_t to);

/* The comment that follows @at on its line with nothing but blanks and commas between, now used. */
const struct remark *remarks_take_behind(struct remarks *r, struct str text, size_t at);

/* Whether an unused comment stands in [from, to). */
bool remarks_any(const struct remarks *r, size_t from, size_t to);
