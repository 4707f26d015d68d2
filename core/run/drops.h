/*
 * drops: watches whether a source loses events, and whether it falls silent.
 *
 * A source says how many events it saw and lost by the metrics n_evts and n_drops (and n_drops_* for
 * where they were lost). Once a second, by the time of its events, the share that was lost since is
 * compared with a threshold; what is done then is up to the configuration, at most as often as its
 * token bucket allows. For tests, a loss may be made up every second.
 *
 * Lifetime: a part of a lane. Threads: the source thread; the counts by any.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "host/instance.h"
#include "pipeline.h"
#include "util/log.h"

enum { DROPS_COUNTERS = 16 };

struct drops_setup {
	double threshold; /* 0 to 1 */
	bool does_log, does_alert, does_exit, simulates;
	double rate, max_burst;
	uint64_t max_timeouts; /* without an event, in a row, until it is told */
};

/* `syscall_event_drops:` and `syscall_event_timeouts:`. -EINVAL with @err and its place, -ENOMEM. */
int drops_configure(struct config *c, struct drops_setup *ret, struct err *err);

struct drops {
	struct drops_setup setup;
	const struct instance *source;
	struct pipeline *pipeline;
	const struct log *log;
	bool is_system; /* its events are those of the system: losses may be made up */
	uint64_t due_ts, last_ts, n_timeouts, token_ts;
	double tokens;
	uint64_t last[DROPS_COUNTERS];
	_Atomic uint64_t n_detected, n_actions;
	atomic_bool wants_exit;
};

/* An event of this time is in hand; cheap unless it is time to look. */
static inline bool drops_are_due(const struct drops *d, uint64_t ts)
{
	return ts > d->due_ts;
}

void drops_check(struct drops *d, uint64_t ts);

/* The source gave nothing when asked. */
void drops_timeout(struct drops *d);

/* It gave events, the last of this time. */
static inline void drops_event(struct drops *d, uint64_t ts)
{
	d->last_ts = ts;
	d->n_timeouts = 0;
}
