/*
 * engine: the composition root of a run: configuration in, alerts out.
 *
 * Lifetime: one call. Threads: [main].
 */
#pragma once

#include <pthread.h>
#include <stdint.h>

#include "report/control.h"
#include "report/filehash.h"
#include "report/snapshot.h"
#include "route/tally.h"
#include "run/lane.h"
#include "run/outputs.h"
#include "run/setup.h"
#include "run/watch.h"

enum { ENGINE_MAX_LANES = 256 }; /* all shards of all sources */

struct engine {
	struct setup *setup;
	struct config *config; /* as it was read last, a reference; changes under the lock */
	char hostname[256];
	struct tally tally;
	struct alert_pool *pool;
	struct alert_plan *plan;
	struct suppress *suppress;   /* NULL: no policies at the start */
	struct alert_writer *writer; /* for notices */
	struct outputs *outputs;
	struct loop *loop;
	struct watch watch;
	struct lane *lanes[ENGINE_MAX_LANES];
	uint32_t n_lanes;
	struct drops_setup drops;
	struct flight_setup flight;
	uint32_t output_timeout_ms;
	bool is_stopping, is_draining, has_progress_line, has_failed;
	uint64_t start_ns, end_ns;
	struct control *control;
	struct snapshot *snapshot; /* NULL: none are taken */
	/* Who reads plan, tally and hashes on another thread holds the lock; they change on [main],
	 * under it. */
	pthread_mutex_t lock;
	uint64_t start_ts,
		reload_ts; /* ns since the epoch; reload: when rules were taken up last */
	struct filehashes hashes;
};

/* Runs until all sources have ended, the time is up or a signal says so. 0; -EINVAL and other errnos
 * with @err for what kept it from starting; 1 when a source failed on the way. With dry_run it
 * stops before anything is opened. */
int engine_run(struct setup *s, struct err *err);

/* Rules, and the loader that read them as long as somebody asks what they were made of. */
struct engine_rules {
	struct ruleset *set;
	struct rules_loader *loader;
};

void engine_rules_deinit(struct engine_rules *r);

/* Loads rules as configuration @c says and has @w, which may be NULL, watch what was read; every
 * problem is told on standard error. -EINVAL when there are errors. */
int engine_load_rules(struct setup *s, struct config *c, struct watch *w,
		      struct engine_rules *ret_rules, struct err *err);
