/*
 * snapshot: the metrics of a run every now and then, as an alert and as a line of a file.
 *
 * In: a status. Out, for each event source: an alert "Falco internal: metrics snapshot" and a line
 * {"output_fields": {...}, "sample": N}, with the field keys that readers of Falco's snapshots know.
 *
 * Lifetime: snapshot_new() to snapshot_free(). Threads: [main].
 */
#pragma once

#include <stdint.h>

#include "util/err.h"

struct config;
struct engine;
struct snapshot;

enum { SNAPSHOT_INTERVAL_MIN_MS = 100 };

/* *ret is NULL when the configuration @c wants none. It goes on counting where @old was, which may be NULL.
 * -EINVAL and errnos of the file, with @err. */
int snapshot_new(struct engine *e, const struct config *c, const struct snapshot *old,
		 struct snapshot **ret, struct err *err);
struct snapshot *snapshot_free(struct snapshot *s);

uint64_t snapshot_interval_ms(const struct snapshot *s); /* 0 for NULL */

/* Takes one, and sends and writes it. */
void snapshot_take(struct snapshot *s);
