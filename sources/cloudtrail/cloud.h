/*
 * cloud: a source whose logs lie in S3, found by a list or by the messages of a queue.
 *
 *	queue or bucket -> transfer -> flow -> event
 *
 * There are no threads: all work is done inside of cloud_next().
 *
 * Lifetime: open to close. Threads: one owner; cloud_commit() on any.
 */
#pragma once

#include <stdint.h>

#include <gyr/plugin.h>

#include "bytestream.h"
#include "cloudstats.h"
#include "logkind.h"
#include "origin.h"
#include "supply.h"

struct cloud;

/* All of it outlives the source, but for the origin, which is copied. */
struct cloud_setup {
	const struct logfeed_kind *kind;
	struct logfeed_stats *stats;
	struct cloud_stats *cloud_stats;
	const struct cloud_options *options;
	const struct origin *origin;
	struct bytestream_limits limits;
	uint64_t max_event_bytes;
	const char *state_dir, *params;
};

/* A negative errno, its text kept by gyr_fail(). */
int cloud_open(struct gyr *p, const struct cloud_setup *setup, struct cloud **ret)
	__attribute__((warn_unused_result));
struct cloud *cloud_close(struct cloud *c); /* takes NULL, returns NULL */

/* As in struct gyr_source. */
void cloud_begin(struct cloud *c);
int cloud_next(struct cloud *c, struct gyr_batch *out) __attribute__((warn_unused_result));
uint32_t cloud_progress(const struct cloud *c, struct gyr_text *out);

void cloud_commit(struct cloud *c, uint64_t num);

/* As gyr_plugin.metrics: every counter that is not zero. */
uint32_t cloud_metrics(const struct cloud_stats *stats, ss_plugin_metric *ret, uint32_t cap);
