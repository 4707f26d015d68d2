/*
 * usetable: what only the type check needs of the use table (typecheck.h has the rest).
 *
 * Threads: one.
 */
#pragma once

#include "filter/typecheck.h"

/* The compiled form of @pattern, made at first use and owned by the table. As regex_new(). */
int use_table_regex(struct use_table *t, struct str pattern, struct regex **ret, struct err *err);

/* The expression that checking @tree against @fields gave, without a word to say; NULL when it was
 * not checked yet. */
const struct expr *use_table_checked(const struct use_table *t, const struct ast *tree,
				     const struct fieldset *fields);
int use_table_add_checked(struct use_table *t, const struct ast *tree,
			  const struct fieldset *fields, const struct expr *expr);
