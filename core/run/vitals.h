/*
 * vitals: what a source thread lets others read while it runs: its counters and the metrics of its
 * plugins, which only that thread may ask for.
 *
 * The thread writes into one of two copies and turns them over under a lock that it only tries: when
 * a reader holds it, the thread goes on and tries again later. So a reader never holds up events; it
 * sees what was true a moment ago.
 *
 * Lifetime: vitals_init() to vitals_deinit(). Threads: as tagged.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "host/instance.h"
#include "host/source.h"
#include "pipeline.h"

enum {
	VITALS_METRICS = 512, /* of all plugins of a source thread together */
	VITALS_NAME = 96,
	VITALS_EVERY_MS = 250,
};

struct vitals_metric {
	char name[VITALS_NAME]; /* "<plugin>.<metric>", cut */
	bool is_monotonic, is_double, is_signed;
	uint64_t u64;
	int64_t i64;
	double dbl;
};

struct vitals_view {
	struct source_counters source;
	struct pipeline_counters pipeline;
	uint64_t last_event_ms; /* by the monotonic clock; 0: none yet */
	uint64_t last_event_ts; /* what the event says, ns since the epoch */
	uint32_t n_metrics, n_metrics_lost;
	struct vitals_metric metrics[VITALS_METRICS];
};

struct vitals {
	pthread_mutex_t lock;
	struct vitals_view *shown, *next; /* shown: under the lock */
	uint64_t due_ms, n_events, last_event_ms;
};

/* What is looked at. */
struct vitals_subject {
	struct source *source;
	struct instance *const *instances; /* may have NULLs */
	uint32_t n_instances;
	uint64_t last_event_ts;
	const struct pipeline *pipeline;
};

int vitals_init(struct vitals *v); /* -ENOMEM */
void vitals_deinit(struct vitals *v);

/* Between two batches: shows what is new when it is time, or at once with @now. [source] */
void vitals_tick(struct vitals *v, const struct vitals_subject *s, bool now);

/* Copies what was shown last. [any] */
void vitals_look(struct vitals *v, struct vitals_view *ret);

/* Now by the monotonic clock, in milliseconds; exact to a few of them. */
uint64_t vitals_now_ms(void);
