/*
 * flight: a recording that a match starts.
 *
 * When a rule matches that wants it, this event and those that follow are written to a file of their
 * own, for a time by the clock of the events; a match meanwhile makes the time longer. In front of them
 * stands what the plugins know: the processes, descriptors and users there are at that moment. A file
 * ends before its size passes a bound, which is told as a notice.
 *
 * Lifetime: a part of a lane. Threads: the source thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "event/event.h"
#include "pipeline.h"
#include "ruleset/ruleset.h"
#include "util/log.h"

struct recorder;

enum { FLIGHT_PATH_MAX = 4096 };

struct flight_setup {
	bool is_on, is_for_all; /* for all: whatever the rule says */
	const char *prefix;     /* of the files */
	uint64_t duration_ms;   /* where the rule gives none */
	uint64_t max_mb;        /* of a file; 0: no bound */
};

/* `capture:`. -EINVAL with @err. */
int flight_configure(const struct config *c, struct flight_setup *ret, struct err *err);

struct flight {
	struct flight_setup setup;
	struct pipeline *pipeline;
	const struct log *log;
	struct instance *const *instances; /* describe what was there before the match */
	uint32_t n_instances;
	struct recorder *recorder; /* NULL: nothing is written now */
	uint64_t until_ts, bytes;
	bool has_failed; /* a file that could not be made was told */
	char path[FLIGHT_PATH_MAX];
};

/* @rule matched @evt. */
void flight_match(struct flight *f, const struct rule *rule, const struct event *evt);

/* An event passed; after flight_match() for the same one. */
void flight_event(struct flight *f, const struct event *evt);

/* Closes what is open. After the source thread has ended. */
void flight_close(struct flight *f);
