/*
 * evttypes: which events could a condition be true for, and what else must then be true of them?
 *
 * Only comparisons of the event's type (fields with a role) decide anything; every other leaf may
 * be true for any event, and so may its negation. And is intersection, or is union, not is pushed
 * down to the leaves.
 *
 * Threads: any.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "event/field.h"
#include "filter/ast.h"
#include "util/err.h"

enum {
	EVTTYPES_MAX = 512, /* event codes are below this */
};

struct evttypes {
	uint64_t bits[EVTTYPES_MAX / 64];
};

static inline bool evttypes_has(const struct evttypes *s, uint16_t code)
{
	return code < EVTTYPES_MAX && (s->bits[code / 64] >> (code % 64) & 1);
}

static inline void evttypes_add(struct evttypes *s, uint16_t code)
{
	if (code < EVTTYPES_MAX)
		s->bits[code / 64] |= 1ULL << (code % 64);
}

uint32_t evttypes_count(const struct evttypes *s);

/* All events of the table. */
void evttypes_all(struct evttypes *s);

/* What was found out about trees that hang in several (ast.h). */
struct evttypes_memo;
struct evttypes_memo *evttypes_memo_new(void);
struct evttypes_memo *evttypes_memo_free(struct evttypes_memo *m);

/* Where conditions come from. */
struct evttypes_source {
	const struct fieldset *fields;
	/* Whether a plugin declared @name as an event of its own; may be NULL. */
	bool (*is_event)(void *ctx, struct str name);
	void *ctx;
	struct evttypes_memo *memo; /* of this source alone; may be NULL */
};

/* The events the expanded @tree can be true for; the empty set means that nobody can tell, i.e.
 * every event is tried. Works on what was written, so that a tree need not pass the type check. A
 * name that is neither an event nor a syscall is an asynchronous event (402) when @is_event says
 * so, and nothing otherwise. -EINVAL with @err (a span of the node's origin) when the type of an
 * event is compared in a way that cannot be analysed: behind a transformer, or with another field.
 * -ENOMEM. */
int evttypes_of(const struct ast *tree, const struct evttypes_source *source,
		struct evttypes *ret_set, struct err *err);

/* The same over the system calls that have no event of their own (GYR_SYSCALL_GENERIC): bits are codes
 * of system calls. Anything else of the condition counts as true. After evttypes_of() succeeded. */
void evttypes_generic_of(const struct ast *tree, const struct fieldset *fields,
			 struct evttypes *ret_set);

enum {
	EVTTYPES_CONDITIONS_MAX = 8,
};

/* One comparison of a field with a constant, as text of a rule has it: "evt.failed", =, "false". */
struct evttypes_condition {
	struct str field, constant;
	enum filter_op op;
};

/* For each of @n conditions the events for which @tree cannot be true unless the condition is. After
 * evttypes_of() succeeded. */
void evttypes_needing(const struct ast *tree, const struct fieldset *fields,
		      const struct evttypes_condition *conditions, uint32_t n,
		      struct evttypes *ret_sets);
