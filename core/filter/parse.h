/*
 * parse: the text of a condition -> a tree.
 *
 * A hand-written descent over the bytes, one function a grammar rule; alternatives are tried in the
 * order in which the language defines them, so words are not reserved. Nesting is counted and
 * limited: no input makes the parser recurse deeper than that.
 *
 * Threads: any.
 */
#pragma once

#include "filter/ast.h"

struct parse_options {
	uint32_t max_depth; /* 0 = AST_DEPTH_DEFAULT */
	const void *origin; /* put into every node's place */
};

enum {
	PARSE_TEXT_MAX = 16 * 1024 * 1024, /* bytes of a condition */
};

/* Parses the whole of @text. The tree borrows from @text and @a. -EINVAL fills @err with a span of
 * @text; -ENOMEM. @o may be NULL. */
int parse_condition(struct str text, const struct parse_options *o, struct arena *a,
		    const struct ast **ret_tree, struct err *err);

/* Reads one field or transformer call at the start of @text, as output templates hold them, and
 * leaves the rest in it. -EINVAL with @err, whose span is of @text, which then stays. */
int parse_term(struct str *text, const struct parse_options *o, struct arena *a,
	       const struct ast_term **ret_term, struct err *err);

/* Reads one operator with its modifier, the whole of @text ("in", "= anyof"), as exceptions name
 * them. -EINVAL with @err and a hint. */
int parse_operator(struct str text, enum filter_op *ret_op, enum filter_modifier *ret_modifier,
		   struct err *err);
