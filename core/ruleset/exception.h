/*
 * exception: `exceptions` of a rule as syntax trees.
 *
 * One field: "field op (v1, v2, ...)". Several fields: one "f1 op1 v1 and f2 op2 v2" for each tuple
 * of values, any of which excepts. The values are built as nodes, so that a comma, a parenthesis or
 * a quote in a value is nothing but a part of it. A value stands for itself, for a list if it has
 * the name of one, or for a transformer call or val() if it reads as such; written in quotes
 * (inside those of YAML) or with a blank in it, it is always text.
 */
#pragma once

#include "ruleset/decl.h"

/* "E": whether the exception applies. NULL with *ret 0 when it has no values. -EINVAL: something
 * was reported. */
int exception_tree(struct rules_loader *l, const struct decl_exception *e, const struct ast **ret);
