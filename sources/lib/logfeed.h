/*
 * logfeed: a source whose events are the records of JSON logs in files.
 *
 *	filewalk -> bytestream -> jsonsplit -> time and type of the record -> event
 *
 * What differs between two such sources is a `struct logfeed_kind`. Nothing that is found in a file
 * ends the source: what cannot be read is skipped, counted by cause, and described in the log with
 * file and offset, up to a number of lines.
 *
 * With a folder for its state it goes on where an earlier run was told that all is finished.
 *
 * Lifetime: the stats and limits belong to the plugin's state and outlive the instance.
 * Threads: one owner; logfeed_commit() on any.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <gyr/plugin.h>

enum {
	LOGFEED_MAX_NOTES = 20, /* lines about skipped input an instance writes */
};

/* Counters, one row each: member, whether it is about something skipped, and what it counts. */
#define LOGFEED_COUNTERS(X)                                                      \
	X(events, "records delivered as events")                                 \
	X(bytes, "bytes of input read, unpacked")                                \
	X(files, "files opened")                                                 \
	X(files_empty, "files without a byte")                                   \
	X(files_failed, "files not opened, or given up half-way")                \
	X(files_finished, "files without anything new since they were finished") \
	X(finished, "records finished by an earlier run, not delivered again")   \
	X(skipped_no_time, "records without a usable time")                      \
	X(skipped_no_type, "records without an event type")                      \
	X(skipped_by_type, "records of a type that is left out")                 \
	X(skipped_malformed, "places where the input is not JSON")               \
	X(skipped_too_large, "records above the size bound")                     \
	X(skipped_links, "links to directories, not followed")                   \
	X(skipped_special, "names that are neither file nor directory")          \
	X(invalid_bytes, "records delivered although JSON forbids some of their bytes")

struct logfeed_stats {
#define X(name, what) uint64_t name;
	LOGFEED_COUNTERS(X)
#undef X
};

struct logfeed_kind {
	const char *envelope;      /* member that holds records */
	const char *time_pointer;  /* JSON pointer to an RFC 3339 time */
	const char *type_pointer;  /* JSON pointer to a string that must be there; NULL: none */
	const char *left_out_type; /* a type whose records are skipped; NULL: none */
	const char *no_time;       /* what is said of a record without a time */
	bool (*wants)(const char *name); /* files of a directory, by name */
	bool by_time;                    /* directories: oldest file first */
	bool is_compact;                 /* blanks between tokens are taken out */
	bool must_find;                  /* a directory without a file is an error */
};

struct logfeed_limits {
	uint64_t max_event_bytes;
	uint64_t max_inflated_bytes, max_ratio; /* of one gzip file */
	const char *state_dir;                  /* where the place is kept (place.h); "": nowhere */
};

struct logfeed;

/* Finds the files under @path. The text of an error is kept by gyr_fail(). *ret is freed by
 * logfeed_close(). */
int logfeed_open(struct gyr *p, const struct logfeed_kind *kind,
		 const struct logfeed_limits *limits, struct logfeed_stats *stats, const char *path,
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
