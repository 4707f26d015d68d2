/*
 * interest: which events the rules of a source are about, all rules together, so that a source need not
 * make the others.
 *
 * Lifetime: part of a ruleset, or its owner's. Threads: any readers.
 */
#pragma once

#include "filter/ast.h"
#include "filter/evttypes.h"
#include "util/buf.h"

enum { INTEREST_NAMES_MAX = 100 }; /* a rule about more event types than these names none of them */

struct interest {
	struct evttypes events;       /* some rule may be true for them */
	struct evttypes named_events; /* of these, those that a rule says it is about */
	struct evttypes generic;      /* system calls without an event of their own, likewise */
	struct evttypes named_generic;
	/* By event: bit i is set when no rule is true for it unless condition i of the source is. */
	uint8_t needs[EVTTYPES_MAX];
};

/* Conditions that a source asks about. */
struct interest_conditions {
	struct evttypes_condition list[EVTTYPES_CONDITIONS_MAX];
	uint32_t n;
};

/* Reads conditions as a source tells them: texts such as "fd.num >= 0", NULL at the end. They are
 * kept in @a. -EINVAL with @err for one that is not a field, an operator and a constant, or one too
 * many; -ENOMEM. */
int interest_conditions_read(const char *const *texts, struct arena *a,
			     struct interest_conditions *ret, struct err *err);

/* No rule. */
void interest_init(struct interest *i);

/* Adds a rule with its expanded condition @tree, which was found to be about @events. */
void interest_add(struct interest *i, const struct ast *tree, const struct evttypes *events,
		  const struct fieldset *fields, const struct interest_conditions *conditions);

/* Appends what rules are about, in a sentence: "about 2 types of events: open, execve". A rule that
 * names none is said so. */
void interest_print(const struct interest *i, struct buf *out);

/* Adds what @with has. */
void interest_join(struct interest *i, const struct interest *with);
