/*
 * status: a run as it is at a moment, for those who ask from outside: metrics, health, `gyr top`.
 *
 * It reads counters that threads count with anyway and what source threads showed last (vitals.h);
 * it waits for none of them.
 *
 * Lifetime: status_take() to status_drop(); in between the engine takes up no new rules, so it is to
 * be short. Threads: any.
 */
#pragma once

#include <stdint.h>

#include "engine.h"
#include "report/procinfo.h"

struct status_source {
	const struct lane *lane;
	const char *name; /* as it was asked for */
	struct feed_view feed;
	uint64_t n_alerts;
	uint64_t age_ms; /* of the last event; UINT64_MAX: there was none */
	struct vitals_view *vitals;
};

struct status {
	struct engine *engine;
	uint64_t now_ts; /* ns since the epoch */
	double duration_s;
	struct procinfo proc;
	struct status_source *sources;
	uint32_t n_sources, n_outputs;
	struct output_counters outputs[OUTPUTS_MAX];
	struct suppress_counters suppress;
	uint64_t n_events, n_bytes;
	uint64_t n_queue_drops; /* of all outputs */
};

/* -ENOMEM. */
int status_take(struct engine *e, struct status *ret);
void status_drop(struct status *s);

/* "running", "ended", "failed". */
const char *status_source_state(const struct status_source *s);

/* The value of a metric as a number without a fraction. */
uint64_t status_metric(const struct vitals_metric *m);

/* The sum of metric "<any plugin>.<name>" over all sources that have no ID, which are those of the
 * system's own events; with @ret_any whether there is one. */
uint64_t status_system_metric(const struct status *s, const char *name, bool *ret_any);

/* Whether the event source is one of the system's own events. */
bool status_is_system(const struct status_source *s);
