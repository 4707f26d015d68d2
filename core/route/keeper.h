/*
 * keeper: the thread between the queue that sources fill and the spool of an output.
 *
 * It takes what has gathered, writes it with one sync for all (group commit), and lets go of the
 * lines the alerts have in the ledger of their source. An output that only spills gets its alerts
 * from memory as long as nothing waits on disk: then they go to its queue, and to the spool once that
 * is full, until the spool has been emptied; so they stay in order.
 *
 * A full spool, or disk, does to alerts what a full queue would: by the queue's policy.
 *
 * Lifetime: keeper_start() to keeper_join(), after the queue of sources was closed. Threads: [main];
 * counters from any.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "route/queue.h"
#include "route/spool.h"

enum { KEEPER_BATCH = 1024 };

struct keeper {
	struct queue *intake; /* from the sources */
	struct queue *queue;  /* of the output's own thread, which is woken when there is more */
	struct spool *spool;
	enum queue_policy policy;
	bool spills;        /* memory first */
	bool is_required;   /* a spooled alert counts as delivered */
	uint32_t batch_max; /* alerts written with one sync, at most KEEPER_BATCH */
	uint32_t drain_ms;  /* how long the end waits for room */
	const char *name;
	const struct log *log;
	_Atomic uint64_t *n_dropped, *n_lost;
	const atomic_bool *is_retired; /* nobody waits for what is lost at the end */
	/* Its own. */
	pthread_t thread;
	uint64_t complained_ms;
	struct alert *taken[KEEPER_BATCH];
	const struct gyr_alert *views[KEEPER_BATCH];
};

int keeper_start(struct keeper *k); /* the errno of the thread */

/* Waits until everything in the queue of sources is kept; then closes the output's queue. */
void keeper_join(struct keeper *k);
