/*
 * routes: which outputs get the alerts of a rule.
 *
 * A route has a selector of rules, maybe a condition on the event, and outputs. An alert goes to the
 * outputs of all routes that fit it, up to the first that is final; an alert that no route fits goes
 * to all outputs. Selectors are worked out once, when the rules are planned: what is left for an
 * alert is a set of outputs, or at most the conditions of the routes that its rule fits.
 *
 * Lifetime: routes live in the arena they were planned in. Threads: planned on [main], then
 * immutable.
 */
#pragma once

#include "event/event.h"
#include "event/fetch.h"
#include "route/selector.h"
#include "util/err.h"

enum { ROUTES_MAX = 256 };

/* Outputs as bits: the n-th one is 1 << n. */
typedef uint32_t route_set;

struct route {
	struct selector match;
	const char *condition; /* in the rules language; NULL: none */
	route_set outputs;
	bool is_final; /* no later route is looked at when this one fits */
};

struct route_table {
	uint32_t n;
	const struct route *routes;
	route_set all; /* every output there is */
};

struct eval;
struct expr;
struct routes;

/* For the rules of @rs, before a matcher is made of it. @t is borrowed while it lasts. -EINVAL with
 * @err for a condition that cannot be read, or that fits the fields of no source whose rules the
 * route selects; where it fits those of some sources only, the route is not for the others.
 * -ENOMEM. */
int routes_plan(struct ruleset *rs, const struct route_table *t, struct arena *arena,
		const struct routes **ret, struct err *err);

/* The outputs for an alert of @rule on @evt. @e is scratch of this thread. */
route_set routes_of(const struct routes *r, const struct rule *rule, struct eval *e,
		    const struct event *evt, const struct fetch *fetch);

/* The outputs for what the program itself reports; conditions do not fit it. */
route_set routes_of_notice(const struct routes *r, struct str rule, struct str source,
			   enum rule_priority priority);
