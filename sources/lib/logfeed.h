/*
 * logfeed: a source whose events are the records of JSON logs in files.
 *
 *	filewalk -> bytestream -> logrecord -> event
 *
 * What differs between two such sources is a `struct logfeed_kind`. Nothing that is found in a file
 * ends the source: what cannot be read is skipped, counted by cause, and described in the log with
 * file and offset, up to a number of lines.
 *
 * With a folder for its state it goes on where an earlier run was told that all is finished.
 *
 * A file may be followed: at its end more is waited for, and what is put in its place is read next.
 * With a folder for its state, what it was renamed to meanwhile is read to its end first.
 *
 * Lifetime: what the setup points to outlives the instance, but for the texts.
 * Threads: one owner; logfeed_commit() on any.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <gyr/plugin.h>

#include "logkind.h"

/* How one is read. */
struct logfeed_setup {
	const struct logfeed_kind *kind;
	struct logfeed_stats *stats;
	uint64_t max_event_bytes;
	uint64_t max_inflated_bytes, max_ratio; /* of one gzip file */
	const char *state_dir;                  /* where the place is kept (place.h); "": nowhere */
	bool is_followed;                       /* the path is that of a file that is written to */
};

struct logfeed;

/* Finds the files under @path. The text of an error is kept by gyr_fail(). *ret is freed by
 * logfeed_close(). */
int logfeed_open(struct gyr *p, const struct logfeed_setup *setup, const char *path,
		 struct logfeed **ret) __attribute__((warn_unused_result));

/* Takes NULL; always returns NULL. */
struct logfeed *logfeed_close(struct logfeed *f);

/* As gyr_source.next: emits one event, or says GYR_EOF. GYR_TIMEOUT after a long stretch of input
 * without one, so that the host can look around. */
int logfeed_next(struct logfeed *f, struct gyr_batch *out) __attribute__((warn_unused_result));

/* As PLUGIN_SOURCE_COMMIT has it. */
void logfeed_commit(struct logfeed *f, uint64_t num);

/* As gyr_source.progress. */
uint32_t logfeed_progress(const struct logfeed *f, struct gyr_text *out);

/* As gyr_plugin.metrics: every counter that is not zero, and always the events. */
uint32_t logfeed_metrics(const struct logfeed_stats *stats, ss_plugin_metric *ret, uint32_t cap);
