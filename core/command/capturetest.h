/*
 * capturetest: does a rule match an event of a recording? For the tests beside rules files.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "ruleset/ruleset.h"
#include "run/setup.h"

struct capture_ask {
	struct str source;  /* event source of the recording's events */
	const char *plugin; /* name or ID of the source plugin that reads it */
	const char *path;
	uint64_t event;        /* number of the event (evt.num); 0: any event will do */
	struct ruleset *rules; /* compiled with rule_matching: all */
	const struct rule *rule;
};

/* Reads the recording up to that event, with plugin instances of its own, so that state is as it was
 * then. -EINVAL with @err for a plugin, file or event that is not there; the errnos of opening. */
int capture_matches(struct setup *s, const struct capture_ask *ask, bool *ret_matches,
		    struct err *err);
