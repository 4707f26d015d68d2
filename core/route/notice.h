/*
 * notice: an alert that no rule raised: what the program itself has to report.
 *
 * Its source is "internal", it has no tags, and its JSON holds what alerts of this kind hold for the
 * consumers of Falco's: hostname, output, output_fields, priority, rule, source, time. As text the
 * fields stand in parentheses behind the message.
 *
 * Lifetime: a notice is read while the call lasts. Threads: the owner of the writer.
 */
#pragma once

#include "route/alert.h"

#define NOTICE_SOURCE "internal"

struct notice_field {
	struct str name, value;
	bool is_bare; /* the value is a JSON number, true or false */
};

struct notice {
	const char *rule; /* lives as long as the program */
	enum rule_priority priority;
	uint64_t ts;     /* ns since the epoch */
	struct str text; /* any bytes */
	uint32_t n_fields;
	struct notice_field *fields; /* are sorted by name here */
};

/* One reference, the caller's. -ENOMEM, -EMSGSIZE. */
int notice_render(struct alert_writer *w, const struct alert_options *o, const struct notice *n,
		  struct alert **ret);

/* The outputs that are to have it. [any] */
route_set notice_targets(const struct alert_plan *p, const struct notice *n);

/* Now, in ns since the epoch: the time of a notice that no event gives one. */
uint64_t notice_now(void);
