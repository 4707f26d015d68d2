/*
 * collect: declarations by name; who redefines, appends to or replaces whom.
 *
 * A redefinition takes the content but keeps the place of the first definition. All functions
 * report what is wrong and return -EINVAL then, -ENOMEM, or 0.
 */
#pragma once

#include "ruleset/decl.h"

int collect_list(struct rules_loader *l, struct decl_list *list, bool append);
int collect_macro(struct rules_loader *l, struct decl_macro *macro, bool append);

int collect_rule(struct rules_loader *l, struct decl_rule *rule);
int collect_rule_append(struct rules_loader *l, const struct decl_rule *change);
int collect_rule_replace(struct rules_loader *l, const struct decl_rule *change);
int collect_rule_enable(struct rules_loader *l, const struct decl_rule *change);

/* A name whose definition was wrong: whoever uses it later draws no further complaint. */
void collect_bad_macro(struct rules_loader *l, struct str name, const struct where *w);

/* Fields, operators and values of an exception against each other and the rule's source. */
int exception_check(struct rules_loader *l, struct str source, struct decl_exception *e);
