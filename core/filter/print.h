/*
 * print: trees and values -> text.
 *
 * Two forms. The canonical one is what messages and descriptions show and what other engines of the
 * language print: constants are bare where they can be, literal arguments of transformers always,
 * and a doubled "not" is written as such. The exact one parses to an equal tree. Chains of and/or
 * stand in parentheses in both.
 *
 * Threads: any.
 */
#pragma once

#include "filter/ast.h"
#include "util/buf.h"

/* Appends text that parses to an equal tree: constants keep their quotes. */
void ast_write(struct buf *b, const struct ast *tree);

/* Appends the canonical text of @tree. */
void ast_print(struct buf *b, const struct ast *tree);
void ast_term_print(struct buf *b, const struct ast_term *term);

/* Appends @s as a condition would write it: bare where that is possible, quoted otherwise. */
void filter_escape(struct buf *b, struct str s);

/* Appends what the quoted text @s (its quotes included) stands for. -EINVAL with @err. */
int filter_unescape(struct buf *b, struct str s, struct err *err);
