/*
 * flow: the way of records from downloads into batches, and how many of them are on their way.
 *
 * A record is on its way from the batch it went out with until the host says that it is finished.
 * Only so many bytes and records may be; then reading waits. It never waits for ever: every record is
 * finished some day, whoever waits for it.
 *
 * Lifetime: init to deinit. Threads: that of the source; flow_commit() on any.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <gyr/plugin.h>

#include "logrecord.h"

enum {
	FLOW_BATCH = 256 << 10, /* bytes after which a batch takes no more downloads */
	FLOW_EVENTS = 1 << 15,  /* records on their way at most */
	FLOW_MARKS = 1 << 13,   /* batches on their way at most */
};

struct flow_mark {
	uint64_t num, bytes; /* both of all records up to here */
};

struct flow {
	struct logrecord records;
	struct gyr_batch *out; /* NULL: outside of flow_begin() and flow_end() */
	uint64_t max_bytes;    /* on their way */
	uint64_t n_events, n_bytes;
	uint64_t begun_events, begun_bytes; /* before this batch */
	uint64_t finished_bytes;
	bool is_shared; /* the host tells what is finished; else what was fetched is */
	_Atomic uint64_t committed;
	struct flow_mark *marks;
	uint64_t head, tail; /* marks ever made, ever finished */
};

/* -ENOMEM; deinit either way. */
int flow_init(struct flow *f, struct gyr *p, const struct logfeed_kind *kind,
	      struct logfeed_stats *stats, uint64_t max_bytes) __attribute__((warn_unused_result));
void flow_deinit(struct flow *f);

void flow_begin(struct flow *f, struct gyr_batch *out);
bool flow_end(struct flow *f); /* whether anything was emitted */

/* The number up to which records are finished. */
uint64_t flow_finished(const struct flow *f);

/* Whether downloads have to wait: until the next batch, or until records are finished. */
bool flow_is_full(const struct flow *f);
bool flow_is_stuck(const struct flow *f); /* the latter */

/* As logrecord_emit(). */
int flow_emit(struct flow *f, const struct logrecord_input *in, const struct jsonsplit_record *rec)
	__attribute__((warn_unused_result));

void flow_commit(struct flow *f, uint64_t num);

/* A new batch begins. For a host that does not tell what is finished, all before it is. */
void flow_fetched(struct flow *f);
