/*
 * resolve: conditions with their lists and macros in place.
 */
#pragma once

#include "ruleset/decl.h"

/* Parses and expands every macro, in order. Problems are reported. */
int resolve_macros(struct rules_loader *l);

enum {
	_RESOLVE_E_SUCCESS,
	RESOLVE_E_NAMES, /* some macros are unknown or bad, as was reported; their names are left */
};

/* The tree of a rule: its condition, its exceptions, everything expanded. -EINVAL when something was
 * reported; RESOLVE_E_NAMES with a tree that cannot be used, but looked at for more mistakes. */
int resolve_rule(struct rules_loader *l, const struct decl_rule *rule, const struct ast **ret,
		 struct names *macros, struct names *lists);

/* Warns of macros and lists that nobody uses, in files without errors. */
void resolve_warn_unused(struct rules_loader *l);

/* The chain of places of a text, with the last step "condition expression". */
const struct where *resolve_where(struct rules_loader *l, const struct origin *o);
