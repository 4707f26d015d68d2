/*
 * resolve: conditions with their lists and macros in place.
 */
#pragma once

#include "ruleset/decl.h"

/* Parses and expands every macro, in order. Problems are reported. */
int resolve_macros(struct rules_loader *l);

/* The tree of a rule: its condition, its exceptions, everything expanded. -EINVAL when something
 * was reported (or a macro that it uses was bad, which has been). */
int resolve_rule(struct rules_loader *l, const struct decl_rule *rule, const struct ast **ret,
		 struct names *macros, struct names *lists);

/* Warns of macros and lists that nobody uses, in files without errors. */
void resolve_warn_unused(struct rules_loader *l);

/* The chain of places of a text, with the last step "condition expression". */
const struct where *resolve_where(struct rules_loader *l, const struct origin *o);
