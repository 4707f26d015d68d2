/*
 * print: trees and values -> canonical text.
 *
 * The text of a tree parses to an equal tree. Names, numbers and words are bare, everything else is
 * double-quoted; chains of and/or stand in parentheses.
 *
 * Threads: any.
 */
#pragma once

#include "filter/ast.h"
#include "util/buf.h"

/* Appends the canonical text of @tree. */
void ast_print(struct buf *b, const struct ast *tree);
void ast_term_print(struct buf *b, const struct ast_term *term);

/* Appends @s as a condition would write it: bare where that is possible, quoted otherwise. */
void filter_escape(struct buf *b, struct str s);

/* Appends what the quoted text @s (its quotes included) stands for. -EINVAL with @err. */
int filter_unescape(struct buf *b, struct str s, struct err *err);
