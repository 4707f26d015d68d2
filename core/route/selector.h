/*
 * selector: which rules an entry of the configuration is about, by name, tag, source, priority.
 *
 * Threads: immutable, any.
 */
#pragma once

#include <stdbool.h>

#include "ruleset/ruleset.h"

/* What is NULL (0 tags, no priority) fits every rule. Texts are borrowed. */
struct selector {
	const char *rule;   /* name; '*' for any text */
	const char *source; /* exact */
	uint32_t n_tags;
	const char *const *tags; /* the rule must have all of them */
	bool has_priority;
	enum rule_priority priority; /* at least as severe as this */
};

bool selector_fits(const struct selector *s, const struct rule *rule, struct str source);

/* The same for what the program itself reports, which has no tags. */
bool selector_fits_notice(const struct selector *s, struct str rule, struct str source,
			  enum rule_priority priority);
