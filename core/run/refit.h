/*
 * refit: rules change, and with them what a source is to look at, so that no event that either the
 * old or the new rules want is missed.
 *
 * Widen: the source is told what old and new rules want together. Wait: until an event from after
 * that moment comes, or none is left; what is older is judged by the old rules, which is what the
 * source looked for then. Swap. Narrow: the source is told what the new rules want.
 *
 * Lifetime: part of a lane. Threads: the source thread, refit_start() before it exists.
 */
#pragma once

#include "host/source.h"
#include "pipeline.h"
#include "util/log.h"

struct refit {
	struct pipeline *pipeline;
	struct source *source;
	const struct log *log;
	bool is_waiting;
	uint64_t since; /* when the source was widened, ns since the epoch */
};

/* Puts the first rules into use. -EIO with @err when the source cannot look at what they want. */
int refit_start(struct refit *f, struct err *err);

/* Between two batches; @last_ts: time of the last event of the one before, 0 when it had none. */
void refit_between(struct refit *f, uint64_t last_ts);
