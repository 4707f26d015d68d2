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

/* The shared copy of @c, a constant for values of @type, texts and all; NULL when memory is short. */
const struct constant *use_table_constant(struct use_table *t, enum field_type type,
					  const struct constant *c);

/* The shared expression that is the comparison @test, whose constants are of this table; the array
 * of them is copied. NULL when memory is short. */
const struct expr *use_table_test(struct use_table *t, const struct test *test);

/* The expression that checking @tree against @fields gave, without a word to say; NULL when it was
 * not checked yet. */
const struct expr *use_table_checked(const struct use_table *t, const struct ast *tree,
				     const struct fieldset *fields);
int use_table_add_checked(struct use_table *t, const struct ast *tree,
			  const struct fieldset *fields, const struct expr *expr);
