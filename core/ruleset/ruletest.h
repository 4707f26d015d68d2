/*
 * ruletest: the tests that lie beside a rules file: for each rule, events that must raise an alert of
 * it and events that must not.
 *
 *	source: aws_cloudtrail
 *	event: {...}              optional: what all events are laid over
 *	reader: NAME              optional: the source plugin that reads the events, or the
 *	                          recordings they are in
 *	tests:
 *	  - rule: NAME
 *	    fires: [EVENT, ...]
 *	    silent: [EVENT, ...]
 *
 * An event is a map, or a text that holds one. Laid over `event`, maps meet member by member, null
 * takes a member away, anything else replaces. An event may also be one of a recording:
 * {capture: FILE, number: N}, the file relative to the test file; without `number` any event of it.
 *
 * Lifetime: ruletests_load() to ruletests_free(). Threads: one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "util/err.h"
#include "util/str.h"
#include "util/yaml.h"

struct ruletest_event {
	bool fires;         /* or must be silent */
	struct str json;    /* compact; empty for an event of a recording */
	struct str capture; /* path of the recording; NUL-terminated */
	uint64_t number;    /* of its event; 0: any */
	struct yaml_mark at;
};

struct ruletest {
	struct str rule;
	struct yaml_mark at;
	uint32_t n_events, n_firing;
	const struct ruletest_event *events;
};

struct ruletests {
	struct str file, source;
	struct str reader; /* empty when no recordings are read; NUL-terminated */
	uint32_t n;
	const struct ruletest *items;
};

/* -EINVAL with @err, which starts with the place, for a file that is not as described; the errnos of
 * reading; -ENOMEM. */
int ruletests_load(const char *path, struct ruletests **ret_tests, struct err *err);
struct ruletests *ruletests_free(struct ruletests *t);
