/*
 * logkind: what differs between two sources that read JSON logs, and what each of them counts.
 *
 * Lifetime: both are lent to who reads, and outlive it. Threads: one owner.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

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
