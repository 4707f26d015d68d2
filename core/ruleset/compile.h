/*
 * compile: declarations to a ruleset.
 */
#pragma once

#include "ruleset/decl.h"

int compile_ruleset(struct rules_loader *l, struct ruleset **ret);

/* Whether the configuration's selection and minimum priority leave @rule, which is enabled or not by
 * what it says itself, enabled. */
bool select_enabled(const struct rules_options *o, const struct rule *rule);

/* @text, the output of @rule, with the texts and fields that append_output adds; in the arena. */
struct str select_output(const struct rules_options *o, const struct rule *rule, struct str text,
			 const struct fieldset *fields, struct arena *arena);

/* Whether entry @a of append_output is for @rule. */
bool select_fits(const struct rules_append_output *a, const struct rule *rule, const char *source);
