/*
 * lane: everything one open source has of its own: plugin instances, state tables, the source, the
 * pipeline, the thread. Nothing of it is shared with another source.
 *
 * Lifetime: lane_new() to lane_free(). Threads: [main]; the parts by their own rules.
 */
#pragma once

#include <stdint.h>

#include "pipeline.h"
#include "run/drops.h"
#include "run/flight.h"
#include "run/setup.h"
#include "run/vitals.h"
#include "sched/feed.h"
#include "sched/loop.h"

struct lane;

struct lane_setup {
	struct setup *setup;
	const struct opening *opening;
	struct alert_pool *pool;
	const struct drops_setup *drops;
	const struct flight_setup *flight;
	struct loop *loop;        /* woken when the source ends */
	uint32_t shard, n_shards; /* which part of what is opened; n_shards 0: ask the source */
};

enum { LANE_MAX_SHARDS = 64 };

/* Opens instances and source; no thread yet. Where the source may be opened several times side by
 * side, this is its first shard, and lane_shards() says how many there are to open. The errnos of instances and sources with @err. */
int lane_new(const struct lane_setup *setup, struct lane **ret, struct err *err);

uint32_t lane_shards(const struct lane *l);

/* Rules and outputs for the events to come; at least once before lane_start(). */
int lane_offer(struct lane *l, struct alert_plan *plan, struct outset *outs);

int lane_start(struct lane *l);
void lane_stop(struct lane *l);  /* asks the thread to end */
void lane_hurry(struct lane *l); /* it waits for no output any more */
void lane_join(struct lane *l);

/* Tells the source for the last time which of its events are finished, after lane_join() and once
 * the outputs have drained. */
void lane_settle(struct lane *l);
struct lane *lane_free(struct lane *l);

const struct opening *lane_opening(const struct lane *l);

/* "name:params", with "#2" behind it for the second shard; lives as long as the lane. */
const char *lane_label(const struct lane *l);
void lane_look(const struct lane *l, struct feed_view *ret);
uint64_t lane_alerts(const struct lane *l);

/* Its counters and the metrics of its plugins, as they were a moment ago. [any] */
void lane_vitals(struct lane *l, struct vitals_view *ret);

/* Losses that were noticed, and acted upon; false when nobody looks for them here. [any] */
bool lane_drops(const struct lane *l, uint64_t *ret_detected, uint64_t *ret_actions);

/* Whether the run is to end because events were lost. [any] */
bool lane_wants_exit(const struct lane *l);

const char *lane_source_name(const struct lane *l); /* of the event source */

/* After lane_join(). */
const char *lane_error(const struct lane *l);
void lane_count(const struct lane *l, struct pipeline_counters *ret, struct source_counters *ret_s);
void lane_metrics(const struct lane *l, instance_metric_fn each, void *ctx);
const struct matcher *lane_matcher(const struct lane *l, uint32_t i); /* as pipeline_matcher() */
