/*
 * jsonl: audit records written down as JSON, a line each, from the first to the last.
 *
 * In: a stream of lines. A line holds one record or several: one after the other, in an array, or in
 * the envelope that their source delivers them in ("Records", "items"). Out: the records of the kinds
 * that are known here (jsonl_kind.h), each with its time and the plugin whose event it is.
 *
 * A line that is cut short, no JSON, too long, or of no known kind is told, counted and skipped; the
 * next line is read as if it had not been. Compressed data that is damaged ends the stream after the
 * last whole line before the damage.
 *
 * Lifetime: a record until the next call. Threads: one at a time.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "jsonl_kind.h"
#include "scap_stream.h"

enum {
	_JSONL_E_SUCCESS,
	JSONL_E_EOF,
	JSONL_E_STRETCH, /* much was read and nothing found: call again */
};

/* Counters, one row each. */
#define JSONL_COUNTERS(X)    \
	X(lines)             \
	X(records)           \
	X(skipped_malformed) \
	X(skipped_too_large) \
	X(skipped_unknown)   \
	X(skipped_no_time)   \
	X(skipped_no_type)   \
	X(skipped_by_type)

struct jsonl_stats {
#define X(name) uint64_t name;
	JSONL_COUNTERS(X)
#undef X
};

struct jsonl_setup {
	const char *source; /* of all records; "": by what they hold */
	size_t max_line;    /* bytes of a line */
	void (*note)(void *arg, uint64_t line, const char *why); /* of what is skipped */
	void *arg;
	struct jsonl_stats *stats; /* outlives it */
};

struct jsonl_record {
	const struct jsonl_kind *kind;
	struct gyr_json value; /* the object, as it was written */
	uint64_t ts;           /* nanoseconds since the epoch */
	uint64_t line;         /* counted from 1 */
};

struct jsonl;

/* Takes @stream, also when it fails. -EINVAL: no kind has this source; -ENOMEM. */
int jsonl_open(struct scap_stream *stream, const struct jsonl_setup *setup, struct jsonl **ret);
struct jsonl *jsonl_close(struct jsonl *j);

/* The next record; JSONL_E_EOF, JSONL_E_STRETCH; -EBADMSG for compressed data that is damaged, -ENOMEM, the
 * errnos of read(2). After the end or an error the answer stays the same. */
int jsonl_next(struct jsonl *j, struct jsonl_record *ret);

/* What went wrong; "" when nothing did. */
const char *jsonl_error(const struct jsonl *j);

/* How far it is, in hundredths of a percent of the file's bytes; 0 when the size is not known. */
uint32_t jsonl_progress(const struct jsonl *j);

/* Lines begun so far. */
uint64_t jsonl_line(const struct jsonl *j);
