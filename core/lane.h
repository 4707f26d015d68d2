/*
 * lane: everything one open source has of its own: plugin instances, state tables, the source, the
 * pipeline, the thread. Nothing of it is shared with another source.
 *
 * Lifetime: lane_new() to lane_free(). Threads: [main]; the parts by their own rules.
 */
#pragma once

#include <stdint.h>

#include "pipeline.h"
#include "sched/feed.h"
#include "sched/loop.h"
#include "setup.h"

struct lane;

struct lane_setup {
	struct setup *setup;
	const struct opening *opening;
	struct output *const *outputs;
	uint32_t n_outputs;
	struct alert_pool *pool;
	struct loop *loop; /* woken when the source ends */
};

/* Opens instances and source; no thread yet. The errnos of instances and sources with @err. */
int lane_new(const struct lane_setup *setup, struct lane **ret, struct err *err);

/* Rules for the events to come; at least once before lane_start(). */
int lane_offer(struct lane *l, struct alert_plan *plan);

int lane_start(struct lane *l);
void lane_stop(struct lane *l); /* asks the thread to end */
void lane_join(struct lane *l);
struct lane *lane_free(struct lane *l);

const struct opening *lane_opening(const struct lane *l);
void lane_look(const struct lane *l, struct feed_view *ret);
uint64_t lane_alerts(const struct lane *l);

/* After lane_join(). */
const char *lane_error(const struct lane *l);
void lane_count(const struct lane *l, struct pipeline_counters *ret, struct source_counters *ret_s);
void lane_metrics(const struct lane *l, instance_metric_fn each, void *ctx);
const struct matcher *lane_matcher(const struct lane *l);
