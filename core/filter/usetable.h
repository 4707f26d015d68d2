/*
 * usetable: what only the type check needs of the use table (typecheck.h has the rest).
 *
 * Threads: one.
 */
#pragma once

#include "filter/typecheck.h"

/* The compiled form of @pattern, made at first use and owned by the table. As regex_new(). */
int use_table_regex(struct use_table *t, struct str pattern, struct regex **ret, struct err *err);

/* The operand that is nothing but @use, which is of this table. */
const struct operand *use_table_operand(const struct field_use *use);

/* What tells constants of one text from each other. */
struct constant_form {
	uint8_t type;     /* enum field_type of the left side */
	uint8_t is_hex;   /* the text is the digits of the value */
	uint8_t is_regex; /* the text is an expression, kept compiled */
};

/* The shared constant written @text; NULL when there is none yet, or memory is short. */
const struct constant *use_table_constant(struct use_table *t, const struct constant_form *f,
					  struct str text);

/* Makes @c the one written c->text; a copy is kept, texts and all. NULL when memory is short. */
const struct constant *use_table_add_constant(struct use_table *t, const struct constant_form *f,
					      const struct constant *c);

/* The shared expression that is the comparison @test, whose constants are of this table; the array
 * of them is copied. NULL when memory is short. */
const struct expr *use_table_test(struct use_table *t, const struct test *test);

/* The expression that checking @tree gave, without a word to say; NULL when it was not checked yet. A
 * table is of one fieldset. */
const struct expr *use_table_checked(const struct use_table *t, const struct ast *tree);
int use_table_add_checked(struct use_table *t, const struct ast *tree, const struct expr *expr);

/* Likewise for comparing test->left by test->op with the items of @list. */
const struct expr *use_table_list(struct use_table *t, const struct test *test,
				  const struct ast_term *list);
int use_table_add_list(struct use_table *t, const struct test *test, const struct ast_term *list,
		       const struct expr *expr);
