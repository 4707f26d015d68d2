/*
 * doubt: what is doubtful about a condition although it works. Part of the rules language
 * (warnings), or advice of our own (lints).
 */
#pragma once

#include "ruleset/decl.h"

/* Comparisons with <NA>, which older versions of the language gave for absent values. */
void doubt_condition(struct rules_loader *l, const struct origin *o, const struct ast *tree);

/* Whether no event can satisfy @tree, as far as is plain to see. */
bool doubt_is_never(const struct ast *tree, const struct fieldset *fields);

/* Rules that an earlier rule hides when only the first match counts. */
void doubt_shadows(struct rules_loader *l, const struct ruleset *rs);
